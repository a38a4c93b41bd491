package kernel

import "fmt"

// Linear is the geometry of a fully connected layer over the flattened image:
//
//	dst = activation(w·src + bias)
//
// dst is a vector of Out values, padded to blocks of 16.
type Linear struct {
	In         Layout
	Out        int
	Activation Activation
}

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
	n := s.In.C * s.In.H * s.In.W
	if len(weight) != n*s.Out || bias != nil && len(bias) != s.Out {
		panic(fmt.Sprintf("kernel: %d weights and %d biases for %+v", len(weight), len(bias), s))
	}
	blocks := blocksOf(s.Out)
	d := &Dense{spec: s, weights: NewArena(blocks * n * blockChannels), bias: NewArena(blocks * blockChannels)}
	copy(d.bias, bias)
	for o := range s.Out {
		row := weight[o*n : (o+1)*n]
		out := d.weights[o/blockChannels*n*blockChannels+o%blockChannels:]
		i := 0
		s.In.eachValue(func(c, y, x int) {
			out[i*blockChannels] = row[(c*s.In.H+y)*s.In.W+x]
			i++
		})
	}
	return d
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
	*j = linearJob{l, dst, src, w}
	t.run(j, blocksOf(l.Out))
	*j = linearJob{}
}

type linearJob struct {
	Linear
	dst, src []float32
	w        *Dense
}

// do computes sixteen outputs.
func (j *linearJob) do(_, block int) {
	n := j.In.C * j.In.H * j.In.W
	weights := j.w.weights[block*n*blockChannels:][:n*blockChannels]
	dst := (*lanes)(j.dst[block*blockChannels:])
	*dst = *(*lanes)(j.w.bias[block*blockChannels:])
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
