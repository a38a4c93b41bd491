package kernel

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// packings are the specifications whose orders TestPackVersion holds.
var packings = []FilterSpec{
	{In: 3, Out: 40, KernelH: 7, KernelW: 7, Block: 3, Stride: 2},
	{In: 20, Out: 100, KernelH: 1, KernelW: 1},
	{In: 64, Out: 64, KernelH: 3, KernelW: 3, Groups: 4},
	{In: 32, Out: 32, KernelH: 3, KernelW: 3, Groups: 16},
	{In: 20, Out: 40, KernelH: 3, KernelW: 3, Algorithm: ByTier{AVX512: Winograd2, AVX2: Winograd2, NEON: Winograd2}},
	{In: 170, Out: 176, KernelH: 3, KernelW: 3, Algorithm: ByTier{AVX512: Winograd4, AVX2: Winograd4, NEON: Winograd4}},
	{In: 20, Out: 40, KernelH: 3, KernelW: 3, Stride: 2, Algorithm: ByTier{AVX512: Winograd4, AVX2: Winograd4, NEON: Winograd4}},
	{In: 32, Out: 64, KernelH: 3, KernelW: 3, Groups: 2, Algorithm: ByTier{AVX512: Winograd4, AVX2: Winograd4, NEON: Winograd4}},
	{In: 64, Out: 90, KernelH: 1, KernelW: 1, Algorithm: ByTier{AVX512: Strassen, AVX2: Strassen}},
	{In: 64, Out: 120, KernelH: 1, KernelW: 1, Algorithm: ByTier{AVX512: Strassen2, AVX2: Strassen2}},
}

// packedValues is the packed values of integers that all differ, under a tier.
func packedValues(tier cpu.Level) []byte {
	defer cpu.Force(tier)()
	numbers := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(i + 1)
		}
		return values
	}
	var data []byte
	add := func(values []float32) { data, _ = binary.Append(data, binary.LittleEndian, values) }
	for _, s := range packings {
		f := s.Pack(numbers(s.Out*s.In/max(s.Groups, 1)*s.taps()), numbers(s.Out))
		add(f.weights)
		add(f.bias)
	}
	linear := LinearSpec{In: Layout{C: 20, H: 2, W: 3}, Out: 18}
	d := linear.Pack(numbers(linear.inputs()*linear.Out), numbers(linear.Out))
	add(d.weights)
	add(d.bias)
	return data
}

// TestPackVersion holds the order of packed values, which files on disk have, to
// its version. If it fails after a change that is meant, raise PackVersion and
// write the new sums here.
func TestPackVersion(t *testing.T) {
	want := map[cpu.Level]string{
		cpu.Portable: "4 e3d8e25a3bc3964d918e2169e40772448f782b26d4e6a3c2c93073befa3cbf79",
		cpu.AVX2:     "4 fd86683b3c177e884c5f9fd66d00f77326966fa31ee4b202f117d6dfc6a9dd9b",
		cpu.AVX512:   "4 1dd29638090c81cd749c3a71c03e380f77e91a0f71e0465c58c9d4cd1dd40144",
	}
	for _, tier := range cpu.Available() {
		sum, ok := want[tier]
		if !ok {
			continue // only there can it be written down
		}
		if got := fmt.Sprintf("%d %x", PackVersion, sha256.Sum256(packedValues(tier))); got != sum {
			t.Errorf("%v: %s, want %s", tier, got, sum)
		}
	}
}

// TestOver uses a run of values elsewhere, and refuses one of another length.
func TestOver(t *testing.T) {
	for _, s := range packings {
		f := s.Pack(make([]float32, s.Out*s.In/max(s.Groups, 1)*s.taps()), slices.Repeat([]float32{1}, s.Out))
		run := append(slices.Clone(f.weights), f.bias...)
		if g := s.Over(run); !slices.Equal(g.weights, f.weights) || !slices.Equal(g.bias, f.bias) || len(run) != s.Size() {
			t.Errorf("%+v: another filter", s)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v: took a run of another length", s)
				}
			}()
			s.Over(run[1:])
		}()
	}
}
