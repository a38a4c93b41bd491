package main

import (
	"fmt"
	"unsafe"

	"github.com/resc-lang/resc/runtime/internal/asm"
)

// neonNarrowPixels is the largest tile of depthwise and grouped convolution: 24
// sums, four weights and four inputs fill the 32 registers.
const neonNarrowPixels = 6

// neonDepthwise is a kernel whose sums, of the pixels of a tile, stay in
// registers. With groups of several channels, all lanes of a group take the same
// input, for one channel of the group after another.
type neonDepthwise struct {
	armTile
	channels int // of a group
	weights  []vec
	inputs   []vec
}

func newNEONDepthwise(f *armFile, pixels, channels int) *neonDepthwise {
	t := newARMTile(f, pixels)
	return &neonDepthwise{armTile: t, channels: channels, weights: t.free[:4], inputs: t.free[4:8]}
}

func (k *neonDepthwise) name() string {
	if k.channels > 1 {
		return fmt.Sprintf("grouped%dNEON_%d", k.channels, k.pixels)
	}
	return fmt.Sprintf("depthwiseNEON_%d", k.pixels)
}

func (k *neonDepthwise) generate() {
	k.function(k.name(), "a *Depthwise", 1, fmt.Sprintf("computes tiles of %d pixels, with groups of %d.", k.pixels, k.channels))
	var a asm.Depthwise
	k.begin(unsafe.Offsetof(a.Pixel))
	k.start(unsafe.Offsetof(a.Src), unsafe.Offsetof(a.Weights), unsafe.Offsetof(a.Bias))
	k.op("MOVD", k.field(unsafe.Offsetof(a.Rows)), armRow)
	k.label("row")
	k.op("MOVD", k.field(unsafe.Offsetof(a.Columns)), armColumn)
	k.label("column")
	for channel := range k.channels {
		k.op("VLD1.P", armWeights.at(64), list(k.weights))
		for p, sum := range k.sums {
			k.op("VLD1", fmt.Sprintf("(%v)", k.source(p)), list(k.inputs))
			for v, s := range sum {
				k.multiply(s, k.weights[v], v, channel)
			}
		}
	}
	k.next("column", armColumn, unsafe.Offsetof(a.ColumnStep))
	k.next("row", armRow, unsafe.Offsetof(a.RowStep))
	k.finish(unsafe.Offsetof(a.Residual), unsafe.Offsetof(a.Low), unsafe.Offsetof(a.High), unsafe.Offsetof(a.Dst), unsafe.Offsetof(a.Width))
}

// multiply adds to the lanes of a quarter the weights times the inputs of a
// channel of their groups.
func (k *neonDepthwise) multiply(sum, weight vec, quarter, channel int) {
	x := k.inputs[quarter]
	switch k.channels {
	case 1:
		k.op("VFMLA", x.floats(), weight.floats(), sum.floats())
	case 2: // the even or the odd lanes, each twice
		k.op(fmt.Sprintf("VTRN%d", channel+1), x.floats(), x.floats(), x.floats())
		k.op("VFMLA", x.floats(), weight.floats(), sum.floats())
	default: // a group is one quarter, or two
		x = k.inputs[quarter/(k.channels/4)*(k.channels/4)+channel/4]
		k.word(fmlaElement(sum, weight, x, channel%4))
	}
}

// list is four registers that are loaded at once.
func list(v []vec) string {
	return fmt.Sprintf("[%s, %s, %s, %s]", v[0].floats(), v[1].floats(), v[2].floats(), v[3].floats())
}

// generateNEONDepthwise writes the kernels of depthwise convolution and of that
// in groups, by the pixels of a tile and the channels of a group.
func generateNEONDepthwise(f *armFile) {
	d := newDispatch("Depthwise", neon, "pixels int, a *Depthwise", "a.Channels<<4 | pixels")
	for channels := 1; channels <= 8; channels *= 2 {
		for pixels := 1; pixels <= neonNarrowPixels; pixels++ {
			d.add(newNEONDepthwise(f, pixels, channels), fmt.Sprintf("%d<<4 | %d", channels, pixels))
		}
	}
	d.write("../depthwise_neon_dispatch_arm64.go")
}
