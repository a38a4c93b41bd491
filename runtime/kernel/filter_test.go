package kernel

import (
	"slices"
	"testing"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// Panels are as wide as the kernels compute at once, unless groups make wide
// ones multiply by zeros; they cover the output blocks in order.
func TestPanels(t *testing.T) {
	for _, c := range []struct {
		name string
		spec FilterSpec
		want []panel // without offsets
	}{
		{"four blocks", FilterSpec{In: 64, Out: 64}, []panel{{width: 4, depth: 4}}},
		{"seven blocks", FilterSpec{In: 3, Out: 100, Block: 3},
			[]panel{{width: 4, depth: 1}, {out: 4, width: 2, depth: 1}, {out: 6, width: 1, depth: 1}}},
		{"a block and a half", FilterSpec{In: 16, Out: 24}, []panel{{width: 2, depth: 1, half: true}}},
		{"two groups", FilterSpec{In: 128, Out: 64, Groups: 2},
			[]panel{{width: 2, depth: 4}, {out: 2, width: 2, in: 4, depth: 4}}},
		{"groups of a block", FilterSpec{In: 32, Out: 32, Groups: 2},
			[]panel{{width: 1, depth: 1}, {out: 1, width: 1, in: 1, depth: 1}}},
		{"groups across blocks", FilterSpec{In: 48, Out: 48, Groups: 2},
			[]panel{{width: 1, depth: 2}, {out: 1, width: 1, depth: 3}, {out: 2, width: 1, in: 1, depth: 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.spec.withDefaults()
			s.KernelH, s.KernelW = 1, 1
			got, _ := s.cutPanels([]int{4, 2, 1})
			for i := range got {
				got[i].offset = 0
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestFilterBytes(t *testing.T) {
	for _, tier := range tiers() {
		restore := cpu.Force(tier)
		w := FilterSpec{In: 17, Out: 33, KernelH: 3, KernelW: 3}.Pack(make([]float32, 17*33*9), nil)
		if want := 4 * (3*2*9*16*16 + 3*16); w.Bytes() != want {
			t.Errorf("%v: %d bytes, want %d", tier, w.Bytes(), want)
		}
		restore()
	}
}

func TestPackRejects(t *testing.T) {
	good := FilterSpec{In: 4, Out: 6, KernelH: 1, KernelW: 1, Groups: 2}
	rejected := func(s FilterSpec, weight, bias int) (yes bool) {
		defer func() { yes = recover() != nil }()
		var b []float32
		if bias > 0 {
			b = make([]float32, bias)
		}
		s.Pack(make([]float32, weight), b)
		return false
	}
	if rejected(good, 12, 6) || rejected(good, 12, 0) {
		t.Error("a filter: rejected")
	}
	for name, change := range map[string]func(s *FilterSpec){
		"groups do not divide": func(s *FilterSpec) { s.Groups = 4 },
		"no kernel":            func(s *FilterSpec) { s.KernelH = 0 },
		"more weights":         func(s *FilterSpec) { s.In = 8 },
		"more outputs":         func(s *FilterSpec) { s.Out = 8 },
	} {
		s := good
		change(&s)
		if !rejected(s, 12, 6) {
			t.Errorf("%s: accepted", name)
		}
	}
}
