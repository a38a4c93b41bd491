// Command _gen writes the assembly kernels of package asm. A run writes one set
// of them:
//
//	go run -tags purego . -out FILE.s -stubs FILE.go -pkg asm SET DISPATCH
//
// The flags are avo's. DISPATCH is the file of the function that chooses among
// the kernels of the set. The tag purego builds the generator without the
// kernels that it is about to write.
package main

import (
	"log"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

var sets = map[string]func(dispatch string){
	"direct-avx512": func(dispatch string) { generateDirect(avx512, [][2]int{{4, 7}, {2, 14}, {1, 15}}, dispatch) },
	"direct-avx2":   func(dispatch string) { generateDirect(avx2, [][2]int{{1, 6}}, dispatch) },
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: go run -tags purego . [FLAGS] SET DISPATCH")
	}
	set, dispatch := os.Args[len(os.Args)-2], os.Args[len(os.Args)-1]
	generate, ok := sets[set]
	if !ok {
		log.Fatalf("no set of kernels %q", set)
	}
	// The types are loaded before Generate parses the flags, which empties the
	// files to write.
	Package("github.com/resc-lang/resc/runtime/internal/asm")
	ConstraintExpr("!purego")
	generate(dispatch)
	Generate()
}
