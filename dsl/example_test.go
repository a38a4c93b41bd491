package dsl_test

import (
	"fmt"
	"log"
	"os"

	"github.com/resc-lang/resc/dsl"
)

func ExampleFormat() {
	file, diagnostics := dsl.Parse(dsl.NewSource("tiny.res", `
model tiny {
input image [3,32,32]
conv1:conv 3x3,16->bn->relu
avgpool
}`))
	if diagnostics.HasErrors() {
		log.Fatal(diagnostics[0])
	}
	fmt.Print(dsl.Format(file))
	// Output:
	// model tiny {
	//     input image [3, 32, 32]
	//     conv1: conv 3x3, 16 -> bn -> relu
	//     avgpool
	// }
}

// The parser goes on after a mistake, so that all are reported at once.
func ExampleRender() {
	_, diagnostics := dsl.Parse(dsl.NewSource("tiny.res", `model tiny {
    conv1: conv 3x3, 16 -> 8
    stage layer1 = 2 basic(16)
}
`))
	if err := dsl.Render(os.Stdout, diagnostics, dsl.RenderOptions{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// tiny.res:2:29: error: the statement ends too early [syntax]
	//     2 |     conv1: conv 3x3, 16 -> 8
	//       |                             ^
	// hint: steps are joined by ->, as in conv1: conv 3x3, 64, /2 -> bn -> relu
	//
	// tiny.res:3:22: error: unexpected "basic" [syntax]
	//     3 |     stage layer1 = 2 basic(16)
	//       |                      ^^^^^
	// hint: a stage is written stage layer1 = 3 x bottleneck(64), /2
}

func ExampleSuggest() {
	fmt.Println(dsl.Suggest("botleneck", []string{"basic", "bottleneck"}))
	// Output: bottleneck
}
