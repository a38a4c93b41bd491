package stdlib_test

import (
	"fmt"
	"strings"

	"github.com/resc-lang/resc/stdlib"
)

func ExampleSource() {
	src, ok := stdlib.Source("resnet18")
	if !ok {
		panic("the standard library has no resnet18")
	}
	for line := range strings.Lines(src.Text) {
		if strings.Contains(line, "stage") {
			fmt.Print(line)
		}
	}
	// Output:
	//     stage layer1 = 2 x basic(64)
	//     stage layer2 = 2 x basic(128), /2
	//     stage layer3 = 2 x basic(256), /2
	//     stage layer4 = 2 x basic(512), /2
}
