package kernel

import (
	"fmt"
)

// Linear is the geometry of a fully connected layer over the flattened image:
//
//	dst = activation(w·src + bias)
//
// dst is a vector of Out values: an image of one pixel in blocks of 16, with a halo
// for a convolution that reads it.
type Linear struct {
	In         Layout
	Out        int
	Halo       int // of dst
	Activation Activation
}

// out is dst's layout.
func (l Linear) out() Layout { return Layout{C: l.Out, H: 1, W: 1, Halo: l.Halo} }

// LinearSpec says how the weights of a linear layer are packed.
type LinearSpec struct {
	In  Layout
	Out int
}

// Dense is the weights and bias of a linear layer. It is immutable: sessions
// share it.
type Dense struct {
	spec    LinearSpec
	weights []float32 // [block of outputs][input, in the order of its layout][16]
	bias    []float32
}

// Pack orders weights: weight is [Out][C·H·W], the input in NCHW order; bias is
// nil for none, or has Out values. Both are copied.
func (s LinearSpec) Pack(weight, bias []float32) *Dense {
	if len(weight) != s.inputs()*s.Out {
		panic(fmt.Sprintf("kernel: %d weights for %+v", len(weight), s))
	}
	values := NewArena(s.Size())
	s.PackTo(values, matrix{weight, s.inputs()}, bias)
	return s.Over(values)
}

// inputs is the number of values of the input.
func (s LinearSpec) inputs() int { return s.In.C * s.In.H * s.In.W }

// Size is the number of values of the packed layer: weights, then a bias for
// each lane of the output's blocks.
func (s LinearSpec) Size() int { return blocksOf(s.Out) * blockChannels * (s.inputs() + 1) }

// Over is the layer of values that PackTo has made, or will make: it keeps the
// slice.
func (s LinearSpec) Over(values []float32) *Dense {
	checkSize(s, len(values), s.Size())
	weights := blocksOf(s.Out) * blockChannels * s.inputs()
	return &Dense{spec: s, weights: values[:weights:weights], bias: values[weights:]}
}

// PackTo packs rows of C·H·W values, and a bias that is nil or has Out values,
// into Size values that are zero.
func (s LinearSpec) PackTo(values []float32, rows Rows, bias []float32) {
	d := s.Over(values)
	if bias != nil && len(bias) != s.Out {
		panic(fmt.Sprintf("kernel: %d biases for %+v", len(bias), s))
	}
	copy(d.bias, bias)
	var order []int // of the input's layout: places in NCHW
	s.In.eachValue(func(c, y, x int) { order = append(order, (c*s.In.H+y)*s.In.W+x) })
	together(blocksOf(s.Out), func(block int) { d.packBlock(block, order, rows) })
}

// packBlock packs sixteen outputs, a few at a time: their places lie side by side.
func (d *Dense) packBlock(block int, order []int, rows Rows) {
	const outputs = 4
	n := len(order)
	first := block * blockChannels
	var row [outputs][]float32
	for i := range row {
		row[i] = make([]float32, n)
	}
	for lane := 0; lane < min(blockChannels, d.spec.Out-first); lane += outputs {
		for i, r := range row {
			if o := first + lane + i; o < d.spec.Out {
				rows.Row(r, o, 0)
			} else {
				clear(r)
			}
		}
		out := d.weights[first*n+lane:]
		for i, from := range order {
			*(*[outputs]float32)(out[i*blockChannels:]) = [outputs]float32{row[0][from], row[1][from], row[2][from], row[3][from]}
		}
	}
}

// Bytes is the memory that the packed values occupy.
func (d *Dense) Bytes() int { return 4 * (len(d.weights) + len(d.bias)) }

// eachValue visits the values of an image in the order of its layout: block,
// row, pixel, channel.
func (l Layout) eachValue(visit func(c, y, x int)) {
	for b := range l.blocks() {
		for y := range l.H {
			for x := range l.W {
				for c := b * l.block(); c < min((b+1)*l.block(), l.C); c++ {
					visit(c, y, x)
				}
			}
		}
	}
}

// Run computes one image.
func (l Linear) Run(t *Threads, dst, src []float32, w *Dense) {
	if w.spec.In != l.In || w.spec.Out != l.Out {
		panic(fmt.Sprintf("kernel: weights of %+v in %+v", w.spec, l))
	}
	j := &t.linear
	*j = linearJob{l, l.out(), dst, src, w}
	t.run(j, 1, blocksOf(l.Out))
	*j = linearJob{}
}

type linearJob struct {
	Linear
	vector   Layout
	dst, src []float32
	w        *Dense
}

// do computes sixteen outputs.
func (j *linearJob) do(_, block int) {
	n := j.In.C * j.In.H * j.In.W
	weights := j.w.weights[block*n*blockChannels:][:n*blockChannels]
	dst := (*lanes)(j.dst[j.vector.at(block, 0, 0):])
	j.vector.clearHalo(j.dst, block, 0, 1)
	*dst = *(*lanes)(j.w.bias[block*blockChannels:])
	if j.In.H == 1 && j.In.W == 1 && j.In.Halo == 0 { // as after pooling: all side by side
		dense(dst, j.src[:n], weights)
		j.Activation.apply(dst[:])
		return
	}
	for b := range j.In.blocks() {
		width := min(j.In.block(), j.In.C-b*j.In.block())
		for y := range j.In.H {
			row := j.In.pixels(j.src, b, y)
			if width == j.In.block() {
				dense(dst, row, weights)
				weights = weights[len(row)*blockChannels:]
				continue
			}
			for x := 0; x < len(row); x += j.In.block() {
				dense(dst, row[x:x+width], weights)
				weights = weights[width*blockChannels:]
			}
		}
	}
	j.Activation.apply(dst[:])
}

// dense adds src[i]·weights[i] to sixteen sums, for each i.
func dense(sums *lanes, src, weights []float32) {
	weights = weights[:len(src)*blockChannels]
	if len(src) == 0 || denseRow(sums, src, weights) {
		return
	}
	for i, s := range src {
		w := (*lanes)(weights[i*blockChannels:])
		for k := range sums {
			sums[k] += s * w[k]
		}
	}
}
