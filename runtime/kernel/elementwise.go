package kernel

import "fmt"

// Affine is the geometry of a normalisation by itself:
//
//	dst = activation(src·scale + shift)
//
// with a scale and a shift for each channel. dst may be src where the layouts
// agree.
type Affine struct {
	In, Out    Layout
	Activation Activation
}

// ScaleShift is the weights of Affine. It is immutable: sessions share it.
type ScaleShift struct{ scale, shift []float32 } // a value for each lane of the blocks

// PackScaleShift copies a scale and a shift for each channel.
func PackScaleShift(scale, shift []float32) *ScaleShift {
	if len(scale) != len(shift) {
		panic(fmt.Sprintf("kernel: %d scales and %d shifts", len(scale), len(shift)))
	}
	w := &ScaleShift{NewArena(blocksOf(len(scale)) * blockChannels), NewArena(blocksOf(len(scale)) * blockChannels)}
	copy(w.scale, scale)
	copy(w.shift, shift)
	return w
}

// Bytes is the memory that the packed values occupy.
func (w *ScaleShift) Bytes() int { return 4 * (len(w.scale) + len(w.shift)) }

// Run computes one image.
func (a Affine) Run(t *Threads, dst, src []float32, w *ScaleShift) {
	sameImage(a.In, a.Out)
	j := &t.affine
	*j = affineJob{a, dst, src, w, cut(t, a.Out.blocks(), a.Out.H)}
	t.run(j, j.chunks())
	*j = affineJob{}
}

type affineJob struct {
	Affine
	dst, src []float32
	w        *ScaleShift
	strips
}

func (j *affineJob) do(chunk int) {
	b, top, bottom := j.at(chunk)
	scale := (*lanes)(j.w.scale[b*blockChannels:])
	shift := (*lanes)(j.w.shift[b*blockChannels:])
	for y := top; y < bottom; y++ {
		dst := j.Out.pixels(j.dst, b, y)
		src := j.In.pixels(j.src, b, y)[:len(dst)]
		for i := 0; i < len(dst); i += blockChannels {
			d, s := (*lanes)(dst[i:]), (*lanes)(src[i:])
			for k := range d {
				d[k] = s[k]*scale[k] + shift[k]
			}
		}
		j.Activation.apply(dst)
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// Activate is the geometry of an activation by itself. dst may be src where the
// layouts agree.
type Activate struct {
	In, Out    Layout
	Activation Activation
}

// Run computes one image.
func (a Activate) Run(t *Threads, dst, src []float32) {
	sameImage(a.In, a.Out)
	j := &t.activate
	*j = activateJob{a, dst, src, cut(t, a.Out.blocks(), a.Out.H)}
	t.run(j, j.chunks())
	*j = activateJob{}
}

type activateJob struct {
	Activate
	dst, src []float32
	strips
}

func (j *activateJob) do(chunk int) {
	b, top, bottom := j.at(chunk)
	for y := top; y < bottom; y++ {
		dst := j.Out.pixels(j.dst, b, y)
		copy(dst, j.In.pixels(j.src, b, y))
		j.Activation.apply(dst)
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// Add is the geometry of a sum by itself:
//
//	dst = activation(a + b)
//
// dst may be a or b where the layouts agree.
type Add struct {
	A, B, Out  Layout
	Activation Activation
}

// Run computes one image.
func (a Add) Run(t *Threads, dst, x, y []float32) {
	sameImage(a.A, a.Out)
	sameImage(a.B, a.Out)
	j := &t.add
	*j = addJob{a, dst, x, y, cut(t, a.Out.blocks(), a.Out.H)}
	t.run(j, j.chunks())
	*j = addJob{}
}

type addJob struct {
	Add
	dst, x, y []float32
	strips
}

func (j *addJob) do(chunk int) {
	b, top, bottom := j.at(chunk)
	for row := top; row < bottom; row++ {
		dst := j.Out.pixels(j.dst, b, row)
		addRow(dst, j.A.pixels(j.x, b, row), j.B.pixels(j.y, b, row))
		j.Activation.apply(dst)
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// addRow is dst = x + y.
func addRow(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

// Mul is the geometry of a product with what is fused into it:
//
//	dst = activation(a·b + residual)
//
// B is one factor a channel, [C,1,1], or of A's size. dst may be a or the
// residual where the layouts agree.
type Mul struct {
	A, B, Out  Layout
	Residual   Layout // the zero value means Out
	Activation Activation
}

// Run computes one image. residual is nil for none.
func (m Mul) Run(t *Threads, dst, x, y, residual []float32) {
	sameImage(m.A, m.Out)
	if m.Residual == (Layout{}) {
		m.Residual = m.Out
	}
	if m.B.H != 1 || m.B.W != 1 || m.B.C != m.A.C {
		sameImage(m.B, m.Out)
	}
	j := &t.mul
	*j = mulJob{m, dst, x, y, residual, cut(t, m.Out.blocks(), m.Out.H)}
	t.run(j, j.chunks())
	*j = mulJob{}
}

type mulJob struct {
	Mul
	dst, x, y, residual []float32
	strips
}

func (j *mulJob) do(chunk int) {
	b, top, bottom := j.at(chunk)
	broadcast := j.B.H == 1 && j.B.W == 1
	for row := top; row < bottom; row++ {
		dst := j.Out.pixels(j.dst, b, row)
		x := j.A.pixels(j.x, b, row)[:len(dst)]
		var residual []float32
		if j.residual != nil {
			residual = j.Residual.pixels(j.residual, b, row)[:len(dst)]
		}
		factors := j.B.pixels(j.y, b, 0)
		step := 0
		if !broadcast {
			factors, step = j.B.pixels(j.y, b, row), blockChannels
		}
		for i, f := 0, 0; i < len(dst); i, f = i+blockChannels, f+step {
			d, s, g := (*lanes)(dst[i:]), (*lanes)(x[i:]), (*lanes)(factors[f:])
			if residual == nil {
				for k := range d {
					d[k] = s[k] * g[k]
				}
				continue
			}
			r := (*lanes)(residual[i:])
			for k := range d {
				d[k] = s[k]*g[k] + r[k]
			}
		}
		j.Activation.apply(dst)
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// lanes is one pixel of a block.
type lanes [blockChannels]float32

// pixels is a row of a block, without its halo.
func (l Layout) pixels(v []float32, block, y int) []float32 {
	at := l.at(block, y, 0)
	return v[at : at+l.W*l.block()]
}

// sameImage panics where two layouts are not of one image in blocks of 16: the
// compiler has proved that they are.
func sameImage(a, b Layout) {
	if a.C != b.C || a.H != b.H || a.W != b.W || a.block() != blockChannels || b.block() != blockChannels {
		panic(fmt.Sprintf("kernel: %+v and %+v are not alike", a, b))
	}
}
