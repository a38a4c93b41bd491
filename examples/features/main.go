// Command features takes values from inside a network: the feature maps of its
// stages, and the vector before its classifier, by which it tells how alike images
// are.
//
//	go run ./examples/features examples/photos/cat.png examples/photos/rocket.jpg
package main

import (
	"flag"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"log"
	"math"
	"os"

	"github.com/resc-lang/resc/examples/features/pyramid"
)

//go:generate go run ../../cmd/resc build std/cifar_resnet --outputs c2=layer1,c3=layer2,c4=layer3,embedding=avgpool -o pyramid

func main() {
	log.SetFlags(0)
	weights := flag.String("weights", "stdlib/cifar_resnet20.safetensors", "checkpoint of the whole network")
	flag.Parse()
	if err := run(*weights, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

// embedding is what the network says of an image.
type embedding [pyramid.EmbeddingChannels]float32

func run(weights string, names []string) error {
	model, err := pyramid.Open(weights)
	if err != nil {
		return err
	}
	session := model.NewSession()
	defer session.Close()
	fmt.Printf("c2: %d channels, every %d pixels\n", pyramid.C2Channels, pyramid.C2Stride)
	fmt.Printf("c3: %d channels, every %d pixels\n", pyramid.C3Channels, pyramid.C3Stride)
	fmt.Printf("c4: %d channels, every %d pixels\n", pyramid.C4Channels, pyramid.C4Stride)

	var c2 [pyramid.C2Channels * pyramid.C2Height * pyramid.C2Width]float32
	var c3 [pyramid.C3Channels * pyramid.C3Height * pyramid.C3Width]float32
	var c4 [pyramid.C4Channels * pyramid.C4Height * pyramid.C4Width]float32
	embeddings := make([]embedding, len(names))
	for i, name := range names {
		input, err := read(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := session.Run(input, &c2, &c3, &c4, (*[pyramid.EmbeddingChannels]float32)(&embeddings[i])); err != nil {
			return err
		}
		if i > 0 {
			fmt.Printf("%5.2f  %s and %s\n", cosine(&embeddings[0], &embeddings[i]), names[0], name)
		}
	}
	return nil
}

// read makes the network's input of an image file.
func read(name string) (*[3 * 32 * 32]float32, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	input := new([3 * 32 * 32]float32)
	return input, pyramid.Preprocess(input, img)
}

// cosine is the cosine of the angle between two embeddings: 1 where they agree.
func cosine(a, b *embedding) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}
