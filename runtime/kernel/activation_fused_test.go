package kernel

import (
	"fmt"
	"math"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

func TestSmoothActivations(t *testing.T) {
	values := []float32{
		0, 1, -1, 2.999, 3, -3, -3.001, 1e-30, -1e-30, 88, 89, -88, -89, 1000, -1000,
		float32(math.Inf(1)), float32(math.NaN()),
	}
	for i := range 1 << 12 {
		values = append(values, float32(i-1<<11)/64)
	}
	for len(values)%blockChannels != 0 {
		values = append(values, 0)
	}
	for _, tier := range tiers() {
		for _, a := range []Activation{SiLU, HardSwish, Sigmoid} {
			t.Run(fmt.Sprint(tier, a), func(t *testing.T) {
				defer cpu.Force(tier)()
				v := append([]float32(nil), values...)
				a.finish(v)
				for i, x := range values {
					want, got := activate(a, float64(x)), float64(v[i])
					switch {
					case math.IsNaN(want) || math.IsInf(want, 0):
						if fmt.Sprint(got) != fmt.Sprint(want) {
							t.Errorf("of %v: got %v, want %v", x, got, want)
						}
					case !(math.Abs(got-want) <= 3e-7*math.Abs(want)+1e-34):
						t.Errorf("of %v: got %v, want %v", x, got, want)
					}
				}
			})
		}
	}
}

func BenchmarkSmoothActivations(b *testing.B) {
	for _, tier := range tiers() {
		for _, a := range []Activation{SiLU, HardSwish, Sigmoid} {
			b.Run(fmt.Sprint(tier, a), func(b *testing.B) {
				defer cpu.Force(tier)()
				v := make([]float32, 1<<10)
				b.SetBytes(int64(4 * len(v)))
				for b.Loop() {
					a.finish(v)
				}
			})
		}
	}
}
