package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// guarded returns n floats with a page that must not be touched right after
// them, or right before.
func guarded(t *testing.T, n int, after bool) []float32 {
	t.Helper()
	page := unix.Getpagesize()
	size := (n*4 + page - 1) / page * page
	m, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(m) })
	for _, guard := range [][]byte{m[:page], m[page+size:]} {
		if err := unix.Mprotect(guard, unix.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	start := page
	if after {
		start += size - n*4
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&m[start])), n)
}

// Every kernel stays within src, dst, the residual, the weights and the bias:
// an access beyond either end is a fault that ends the test.
func TestConvStaysInItsBuffers(t *testing.T) {
	copied := func(v []float32, after bool) []float32 {
		g := guarded(t, len(v), after)
		copy(g, v)
		return g
	}
	var cases []*convCase
	random := rand.New(rand.NewPCG(17, 18))
	for _, c := range convCases() {
		cases = append(cases, newConvCase(c, true, true, random))
	}
	cases = append(cases, winogradCases(random)...)
	cases = append(cases, strassenCases(random)...)
	cases = append(cases, rowsCases(random)...)
	for _, k := range cases {
		t.Run(fmt.Sprintf("%+v %d", k.Conv, k.algorithm), func(t *testing.T) {
			for _, tier := range tiers() {
				defer cpu.Force(tier)()
				packed := k.pack()
				want, src := NewArena(k.Out.Len()), NewArena(k.In.Len())
				threads := NewThreads(1)
				defer threads.Close()
				// residual is memory for the case's residual, if it has one.
				residual := func(v []float32) []float32 {
					if !k.residual {
						return nil
					}
					return v
				}
				added := want
				if layout := k.withDefaults().Residual; layout != k.Out {
					added = NewArena(layout.Len())
				}
				k.run(threads, packed, want, src, residual(added))
				for _, after := range []bool{false, true} {
					w := *packed
					w.weights, w.bias = copied(packed.weights, after), copied(packed.bias, after)
					dst := guarded(t, k.Out.Len(), after)
					k.run(threads, &w, dst, guarded(t, k.In.Len(), after), residual(guarded(t, len(added), after)))
					if !slices.Equal(dst, want) {
						t.Fatalf("%v: other bits in other memory", tier)
					}
				}
			}
		})
	}
}
