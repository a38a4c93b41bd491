package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// rowsCases are convolutions by Winograd's algorithm along rows, over widths and heights
// that leave tiles and strips over, with 1 to 4 channels, paddings, residuals and
// activations.
func rowsCases(random *rand.Rand) []*convCase {
	var cases []*convCase
	for i, size := range [][5]int{ // channels in and out, kernel rows, height, width
		{3, 64, 7, 16, 56}, {3, 20, 7, 31, 7}, {1, 33, 7, 17, 61}, {2, 112, 5, 8, 18}, {4, 16, 7, 3, 1}, {3, 96, 1, 1, 40}, {3, 64, 7, 8, 3},
	} {
		for variant := range 4 {
			c := Conv{
				In:      Layout{C: size[0], H: 2 * size[3], W: 2*size[4] - variant%2, Halo: 3 + variant/2, Block: size[0]},
				Out:     Layout{C: size[1], H: size[3], W: size[4], Halo: (i + variant) % 2},
				KernelH: size[2], KernelW: 7, Stride: 2, PadTop: size[2] / 2, PadLeft: 3,
				Activation: activations[(i+variant)%len(activations)],
			}
			switch variant {
			case 2:
				c.PadLeft = 2
				if c.In.C > 1 {
					c.In.C-- // a block with a lane to spare
				}
			case 3:
				c.Residual = c.Out
				c.Residual.Halo = 2
			}
			k := newConvCase(c, variant != 2, variant%2 == 1, random)
			k.algorithm = WinogradRows
			cases = append(cases, k)
		}
	}
	return cases
}

func TestWinogradRows(t *testing.T) {
	for _, k := range rowsCases(rand.New(rand.NewPCG(25, 26))) {
		t.Run(fmt.Sprintf("%+v", k.Conv), k.check)
	}
}
