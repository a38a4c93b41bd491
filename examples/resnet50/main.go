// Command resnet50 classifies an image by a package that go generate has made
// of resnet50.res:
//
//	go generate ./examples/resnet50
//	go run ./examples/resnet50 -weights resnet50.safetensors photo.jpg
//
// The names in resnet50.res are torchvision's, so that its checkpoint, saved as
// safetensors, fits as it is.
package main

import (
	"flag"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"log"
	"os"

	"github.com/resc-lang/resc/examples/resnet50/resnet50"
)

//go:generate go run ../../cmd/resc build resnet50.res

func main() {
	log.SetFlags(0)
	weights := flag.String("weights", "resnet50.safetensors", "checkpoint")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: resnet50 [-weights FILE] IMAGE")
	}
	if err := classify(*weights, flag.Arg(0)); err != nil {
		log.Fatal(err)
	}
}

func classify(weights, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return err
	}
	model, err := resnet50.Open(weights)
	if err != nil {
		return err
	}
	session := model.NewSession()
	defer session.Close()
	classes, err := session.Classify(img)
	if err != nil {
		return err
	}
	for _, c := range classes {
		fmt.Printf("class %-4s  %6.2f %%\n", c.Name, 100*c.Probability)
	}
	return nil
}
