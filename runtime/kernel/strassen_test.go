package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// strassenCases are 1×1 convolutions by Strassen's algorithm: odd and even sides,
// panels of each width, strides, paddings, residuals and activations.
func strassenCases(random *rand.Rand) []*convCase {
	var cases []*convCase
	sizes := [][4]int{ // channels in and out, height, width
		{32, 32, 1, 1}, {64, 128, 7, 7}, {32, 21, 2, 5}, {96, 96, 5, 16}, {32, 224, 6, 3}, {64, 64, 14, 14}, {32, 128, 27, 29},
		{64, 64, 1, 1}, {128, 250, 7, 7}, {64, 53, 2, 5}, {64, 448, 5, 6}, {64, 640, 3, 4}, {64, 128, 14, 14}, {128, 256, 27, 29},
	}
	for i, size := range sizes {
		algorithm := Strassen
		if i >= 7 {
			algorithm = Strassen2
		}
		for variant := range 8 {
			stride := variant/4 + 1
			c := Conv{
				In:      Layout{C: size[0], H: size[2] * stride, W: size[3] * stride, Halo: (i + variant) % 2},
				Out:     Layout{C: size[1], H: size[2], W: size[3], Halo: (i + variant) % 3},
				KernelH: 1, KernelW: 1, Stride: stride,
				Activation: activations[(i+variant)%len(activations)],
			}
			if c.In.Halo == 1 && variant%2 == 0 {
				c.PadTop, c.PadLeft = 1, 1
			}
			k := newConvInput(c, variant%4 != 2, variant%2 == 1, random)
			k.algorithm = algorithm
			for i := range k.weight {
				k.weight[i] /= float32(math.Sqrt(float64(size[0])))
			}
			k.want = k.naive()
			cases = append(cases, k)
		}
	}
	return cases
}

// TestStrassen compares the algorithm with the definition.
func TestStrassen(t *testing.T) {
	for _, k := range strassenCases(rand.New(rand.NewPCG(31, 32))) {
		t.Run(fmt.Sprintf("%+v", k.Conv), k.check)
	}
}
