// Command custom runs a network with a block and a shortcut policy of its own
// on images of several sizes, and prints the shapes of its three outputs.
//
//	go run ./examples/custom -weights tiny.safetensors
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/resc-lang/resc/examples/custom/tiny"
	"github.com/resc-lang/resc/runtime"
)

//go:generate go run ../../cmd/resc build tiny.res

func main() {
	log.SetFlags(0)
	weights := flag.String("weights", "tiny.safetensors", "checkpoint")
	flag.Parse()
	if err := run(*weights); err != nil {
		log.Fatal(err)
	}
}

func run(weights string) error {
	model, err := tiny.Open(weights)
	if err != nil {
		return err
	}
	session := model.NewSession()
	defer session.Close()
	var c2, c3, c4 runtime.Tensor
	for _, size := range [][2]int{{64, 64}, {96, 160}, {256, 256}} {
		height, width := size[0], size[1]
		image := runtime.Tensor{Shape: []int{3, height, width}, Data: make([]float32, 3*height*width)}
		if err := session.Run(image, &c2, &c3, &c4); err != nil {
			return err
		}
		fmt.Printf("%v: c2 %v, c3 %v, c4 %v\n", image.Shape, c2.Shape, c3.Shape, c4.Shape)
	}
	return nil
}
