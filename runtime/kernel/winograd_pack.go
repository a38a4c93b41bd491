package kernel

import (
	"sync"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// packWinograd transforms a filter and packs each of its matrices as a 1×1
// convolution. The matrices lie side by side, in the order that they are used.
func packWinograd(s FilterSpec, m int, weight []float32, f *Filter) {
	points := newWinogradPoints(m, s.Stride)
	one := FilterSpec{In: s.In, Out: s.Out, KernelH: 1, KernelW: 1, Groups: 1, Block: blockChannels}
	panels, size := one.cutPanels(panelWidths(f.tier))
	all := NewArena(points.filters() * size)
	for i := range points.filters() {
		f.points = append(f.points, &Filter{spec: one, tier: f.tier, panels: panels, weights: all[i*size:][:size]})
	}
	var done sync.WaitGroup
	for _, p := range panels {
		done.Go(func() {
			k := filterTransform{winogradPoints: points, filter: f, size: size, panel: p, matrices: all}
			k.run(weight)
		})
	}
	done.Wait()
}

// filterTransform transforms the filters of one panel of outputs.
type filterTransform struct {
	winogradPoints
	filter   *Filter
	panel    panel
	size     int       // of a matrix
	matrices []float32 // all of them

	taps [9 * widestPanel * blockChannels]float32 // of an input channel: [kernel row][kernel column][lane]
	half [6 * 3 * widestPanel * blockChannels]float32
}

// run takes one input channel after another, whose filters for all the panel's
// lanes lie side by side when they are packed.
func (k *filterTransform) run(weight []float32) {
	s := k.filter.spec
	lanes := k.panel.width * blockChannels
	first := k.panel.out * blockChannels
	used := min(lanes, s.Out-first)
	for i := range s.In {
		for lane := range used {
			filter := (*[9]float32)(weight[((first+lane)*s.In+i)*9:])
			for tap, v := range filter {
				k.taps[tap*lanes+lane] = v
			}
		}
		k.channel(k.matrices[k.panel.offset+i*lanes:], lanes)
	}
}

// channel transforms the taps of an input channel, first along the columns and
// then along the rows of the kernel, to matrices that are size apart.
func (k *filterTransform) channel(matrices []float32, lanes int) {
	row := 3 * lanes
	evens := 1 // from a tap of the transform to the next
	if k.stride == 2 {
		evens = 2
	}
	k.evaluate(transform{
		dst: k.half[:], dstStep: row, dstNext: blockChannels,
		src: k.taps[:], srcStep: evens * row, srcNext: blockChannels, count: 3 * k.panel.width,
	})
	for i := range k.n {
		k.row(matrices, i*k.n, k.n*k.n+i, k.half[i*row:], lanes)
	}
	if k.stride == 2 {
		odd := k.n*k.n + k.n
		k.row(matrices, odd, odd+k.n, k.taps[row:], lanes)
	}
}

// row transforms a row of taps to n matrices from one on, and with stride 2 keeps
// the middle one as another.
func (k *filterTransform) row(matrices []float32, first, middle int, taps []float32, lanes int) {
	evens := 1
	if k.stride == 2 {
		evens = 2
		copy(matrices[middle*k.size:][:lanes], taps[lanes:])
	}
	k.evaluate(transform{
		dst: matrices[first*k.size:], dstStep: k.size, dstNext: blockChannels,
		src: taps, srcStep: evens * lanes, srcNext: blockChannels, count: k.panel.width,
	})
}

func (k *filterTransform) evaluate(t transform) {
	t.run(k.filter.tier, asm.NewTransform(asm.Taps, k.stride, k.m, k.m))
}
