package preprocess_test

import (
	"fmt"
	"image"
	"log"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// The usual chain of torchvision's networks, here for a grey picture.
func Example() {
	img := image.NewGray(image.Rect(0, 0, 320, 240))
	for i := range img.Pix {
		img.Pix[i] = 128
	}
	input := make([]float32, 3*224*224)
	mean, std := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	err := preprocess.FromImage(img).
		Resize(256, preprocess.Bilinear).
		CenterCrop(224, 224).
		Normalize(input, mean, std)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("red %.3f, green %.3f, blue %.3f\n", input[0], input[224*224], input[2*224*224])
	// Output: red 0.074, green 0.205, blue 0.426
}
