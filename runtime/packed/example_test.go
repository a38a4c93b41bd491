package packed_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/resc-lang/resc/runtime/packed"
)

// Write a file with one section, and read it.
func Example() {
	var file bytes.Buffer
	index := packed.Index{Model: "tiny", Tier: "portable", Sections: []packed.Section{{Layer: "fc", Kind: packed.Packed}}}
	if err := packed.Write(&file, index, [][][]byte{{{1, 2, 3, 4}}}); err != nil {
		log.Fatal(err)
	}
	f, err := packed.OpenBytes(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	section, err := f.Bytes(0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Model, f.Tier, f.Sections[0].Layer, section)
	// Output: tiny portable fc [1 2 3 4]
}
