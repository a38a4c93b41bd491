package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

func TestScaleRow(t *testing.T) {
	for _, tier := range tiers() {
		t.Run(tier.String(), func(t *testing.T) {
			defer cpu.Force(tier)()
			testScaleRow(t)
		})
	}
}

func testScaleRow(t *testing.T) {
	random := rand.New(rand.NewPCG(51, 52))
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	special := []float32{0, float32(math.Copysign(0, -1)), inf, -inf, nan, -nan, math.MaxFloat32, math.SmallestNonzeroFloat32}
	for n := range 40 {
		for variant := range 20 {
			src, scale := make([]float32, n), random.NormFloat64()*math.Exp(20*random.NormFloat64())
			for i := range src {
				src[i] = float32(random.NormFloat64())
				if variant%2 == 1 && random.IntN(4) == 0 {
					src[i] = special[random.IntN(len(special))]
				}
			}
			want, wantLargest := make([]float32, n), uint32(0)
			for i, v := range src {
				want[i] = float32(float64(v) * scale)
				wantLargest = max(wantLargest, math.Float32bits(want[i])&math.MaxInt32)
			}
			guarded := append(make([]float32, n), 77)
			for _, dst := range [][]float32{guarded[:n], src} { // the second in place
				largest := ScaleRow(dst, src, scale)
				if largest != wantLargest {
					t.Errorf("%d values: largest magnitude %#x, want %#x", n, largest, wantLargest)
				}
				for i, v := range dst {
					if math.Float32bits(v) != math.Float32bits(want[i]) {
						t.Errorf("%d values: value %d is %g, want %g", n, i, v, want[i])
					}
				}
			}
			if guarded[n] != 77 {
				t.Fatalf("%d values: wrote beyond the end", n)
			}
		}
	}
}
