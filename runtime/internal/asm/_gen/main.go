// Command _gen writes the assembly kernels of package asm. A run writes one set
// of them:
//
//	go run -tags purego . -out FILE.s -stubs FILE.go -pkg asm SET
//
// The flags are avo's. The set neon is all the kernels for arm64, which avo does
// not know: it takes no flags. The tag purego builds the generator without the
// kernels that it is about to write.
package main

import (
	"log"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

var sets = map[string]func(){
	"direct-avx512": func() {
		generateDirect(avx512, [][2]int{{4, 7}, {2, 14}, {1, 15}}, "../direct_avx512_dispatch_amd64.go")
		generateHalf(2, 14, "../direct_half_avx512_dispatch_amd64.go")
	},
	"direct-avx2":      func() { generateDirect(avx2, [][2]int{{2, 3}, {1, 7}}, "../direct_avx2_dispatch_amd64.go") },
	"product-avx512":   func() { generateProduct(avx512, 28, "../product_avx512_dispatch_amd64.go") },
	"product-avx2":     func() { generateProduct(avx2, 7, "../product_avx2_dispatch_amd64.go") },
	"depthwise-avx512": func() { generateDepthwise(avx512, 14, false, "../depthwise_avx512_dispatch_amd64.go") },
	"depthwise-avx2":   func() { generateDepthwise(avx2, 7, false, "../depthwise_avx2_dispatch_amd64.go") },
	"depthwise3-avx512": func() {
		generateDepthwise3("Depthwise3", avx512, 2, 14, newDepthwise3, "../depthwise3_avx512_dispatch_amd64.go")
	},
	"depthwise3-avx2": func() {
		generateDepthwise3("Depthwise3", avx2, 1, 10, newDepthwise3, "../depthwise3_avx2_dispatch_amd64.go")
	},
	"grouped3-avx512": func() {
		generateDepthwise3("Grouped3", avx512, 2, 11, newGrouped3, "../grouped3_avx512_dispatch_amd64.go")
	},
	"grouped-avx512":      func() { generateDepthwise(avx512, 14, true, "../grouped_avx512_dispatch_amd64.go") },
	"grouped-avx2":        func() { generateDepthwise(avx2, 5, true, "../grouped_avx2_dispatch_amd64.go") },
	"smooth":              func() { generateSmooth(avx512, avx2) },
	"rows":                func() { generateRows(avx512, avx2) },
	"winograd-avx512":     func() { generateWinograd(avx512, "../winograd_avx512_dispatch_amd64.go") },
	"winograd-avx2":       func() { generateWinograd(avx2, "../winograd_avx2_dispatch_amd64.go") },
	"taps-avx512":         func() { generateTaps("../taps_avx512_dispatch_amd64.go") },
	"product-taps-avx512": func() { generateProductTaps("../product_taps_avx512_dispatch_amd64.go") },
	"four-tiles-avx512": func() {
		generateFourTiles("../four_tiles_avx512_dispatch_amd64.go", "../arrange_four_avx512_dispatch_amd64.go")
	},
	"row-points-avx512": func() { generateRowPoints("../row_points_avx512_dispatch_amd64.go") },
	"strassen":          func() { generateStrassen(avx512, avx2) },
	"peak":              func() { generatePeak(avx512, avx2) },
}

func main() {
	log.SetFlags(0)
	set := os.Args[len(os.Args)-1]
	if set == "neon" {
		writeNEON()
		return
	}
	generate, ok := sets[set]
	if !ok {
		log.Fatalf("no set of kernels %q", set)
	}
	// The types are loaded before Generate parses the flags, which empties the
	// files to write.
	Package("github.com/resc-lang/resc/runtime/internal/asm")
	ConstraintExpr("!purego")
	generate()
	Generate()
}
