package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// strassenCases are 1×1 convolutions by Strassen's algorithm: odd and even sides,
// panels of each width, strides, paddings, residuals and activations.
func strassenCases(random *rand.Rand) []*convCase {
	var cases []*convCase
	sizes := [][4]int{ // channels in and out, height, width
		{32, 32, 1, 1}, {64, 128, 7, 7}, {32, 21, 2, 5}, {96, 96, 5, 16}, {32, 224, 6, 3}, {64, 64, 14, 14}, {32, 128, 27, 29},
		{32, 32, 70, 130}, {1024, 128, 2, 130}, // several calls for the sums and for the products
		{64, 64, 1, 1}, {128, 250, 7, 7}, {64, 53, 2, 5}, {64, 448, 5, 6}, {64, 640, 3, 4}, {64, 128, 14, 14}, {128, 256, 27, 29},
	}
	for i, size := range sizes {
		if testing.Short() && size[0]*size[1]*size[2]*size[3] > 8<<20 { // the definition takes long
			continue
		}
		algorithm := Strassen
		if i >= 9 {
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
			switch {
			case c.In.Halo == 1 && variant%2 == 0:
				c.PadTop, c.PadLeft = 1, 1
			case stride == 2: // odd sides
				c.In.H--
				c.In.W--
			}
			if variant%4 == 3 {
				c.Residual = c.Out
				c.Residual.Halo = 1 - c.Out.Halo%2
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

// Threads have equal shares where the rows allow it; one thread has no need of them.
func TestStrassenStrips(t *testing.T) {
	for _, c := range []struct {
		least, pairs    int
		even            bool
		panels, threads int
		want            int
	}{
		{least: 2, pairs: 29, even: true, panels: 4, threads: 1, want: 2},
		{least: 2, pairs: 14, even: true, panels: 1, threads: 2, want: 2},
		{least: 1, pairs: 28, even: true, panels: 1, threads: 4, want: 4},
		{least: 1, pairs: 7, even: true, panels: 2, threads: 2, want: 1},
		{least: 1, pairs: 4, even: false, panels: 8, threads: 2, want: 1}, // 7 rows
		{least: 2, pairs: 29, even: true, panels: 3, threads: 2, want: 3},
		{least: 1, pairs: 1, even: true, panels: 1, threads: 8, want: 1},
	} {
		if got := strassenStrips(c.least, c.pairs, c.even, c.panels, c.threads); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestStrassenSuits(t *testing.T) {
	good := FilterSpec{In: 64, Out: 64, KernelH: 1, KernelW: 1}
	for name, c := range map[string]struct {
		change func(s *FilterSpec)
		tier   cpu.Level
		want   [2]bool // one level, two
	}{
		"good":                     {func(*FilterSpec) {}, cpu.AVX2, [2]bool{true, true}},
		"halves of the inputs":     {func(s *FilterSpec) { s.In = 32 }, cpu.AVX512, [2]bool{true, false}},
		"halves of the outputs":    {func(s *FilterSpec) { s.Out = 32 }, cpu.AVX512, [2]bool{true, false}},
		"a half block more":        {func(s *FilterSpec) { s.In = 72 }, cpu.AVX512, [2]bool{}},
		"an odd number of outputs": {func(s *FilterSpec) { s.Out = 40 }, cpu.AVX512, [2]bool{}},
		"two groups":               {func(s *FilterSpec) { s.Groups = 2 }, cpu.AVX512, [2]bool{}},
		"3x3":                      {func(s *FilterSpec) { s.KernelH, s.KernelW = 3, 3 }, cpu.AVX512, [2]bool{}},
		"NEON":                     {func(*FilterSpec) {}, cpu.NEON, [2]bool{}},
		"portable":                 {func(*FilterSpec) {}, cpu.Portable, [2]bool{}},
	} {
		s := good
		c.change(&s)
		s = s.withDefaults()
		if got := [2]bool{strassen{levels: 1}.suits(s, c.tier), strassen{levels: 2}.suits(s, c.tier)}; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
