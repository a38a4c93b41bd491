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

// ScaleShiftSpec says for how many channels a ScaleShift is.
type ScaleShiftSpec struct{ C int }

// PackScaleShift copies a scale and a shift for each channel.
func PackScaleShift(scale, shift []float32) *ScaleShift {
	s := ScaleShiftSpec{len(scale)}
	values := NewArena(s.Size())
	s.PackTo(values, matrix{scale, 1}, shift)
	return s.Over(values)
}

// Size is the number of values: a scale, then a shift, for each lane of the
// blocks.
func (s ScaleShiftSpec) Size() int { return 2 * blocksOf(s.C) * blockChannels }

// Over is the weights of values that PackTo has made, or will make: it keeps
// the slice.
func (s ScaleShiftSpec) Over(values []float32) *ScaleShift {
	checkSize(s, len(values), s.Size())
	n := len(values) / 2
	return &ScaleShift{values[:n:n], values[n:]}
}

// PackTo packs rows of one value, the scales, and C shifts into Size values that
// are zero.
func (s ScaleShiftSpec) PackTo(values []float32, rows Rows, shift []float32) {
	w := s.Over(values)
	if len(shift) != s.C {
		panic(fmt.Sprintf("kernel: %d shifts for %d channels", len(shift), s.C))
	}
	for c := range s.C {
		rows.Row(w.scale[c:][:1], c, 0)
	}
	copy(w.shift, shift)
}

// Bytes is the memory that the packed values occupy.
func (w *ScaleShift) Bytes() int { return 4 * (len(w.scale) + len(w.shift)) }

// Run computes one image.
func (a Affine) Run(t *Threads, dst, src []float32, w *ScaleShift) {
	sameImage(a.In, a.Out)
	j := &t.affine
	*j = affineJob{a, dst, src, w, cut(t, a.Out.blocks(), a.Out.H)}
	t.run(j, j.planes, j.perPlane)
	*j = affineJob{}
}

type affineJob struct {
	Affine
	dst, src []float32
	w        *ScaleShift
	strips
}

func (j *affineJob) do(_, chunk int) {
	b, top, bottom := j.at(chunk)
	scale := (*lanes)(j.w.scale[b*blockChannels:])
	shift := (*lanes)(j.w.shift[b*blockChannels:])
	for y := top; y < bottom; y++ {
		dst := j.Out.pixels(j.dst, b, y)
		mulAdd(dst, j.In.pixels(j.src, b, y), scale[:], shift[:], 0, 0, j.Activation)
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
	t.run(j, j.planes, j.perPlane)
	*j = activateJob{}
}

type activateJob struct {
	Activate
	dst, src []float32
	strips
}

func (j *activateJob) do(_, chunk int) {
	b, top, bottom := j.at(chunk)
	for y := top; y < bottom; y++ {
		mulAdd(j.Out.pixels(j.dst, b, y), j.In.pixels(j.src, b, y), ones[:], zeros[:], 0, 0, j.Activation)
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
	t.run(j, j.planes, j.perPlane)
	*j = addJob{}
}

type addJob struct {
	Add
	dst, x, y []float32
	strips
}

func (j *addJob) do(_, chunk int) {
	b, top, bottom := j.at(chunk)
	for row := top; row < bottom; row++ {
		mulAdd(j.Out.pixels(j.dst, b, row), j.A.pixels(j.x, b, row), ones[:], j.B.pixels(j.y, b, row), 0, blockChannels, j.Activation)
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

var ones, zeros = func() (ones, zeros lanes) {
	for i := range ones {
		ones[i] = 1
	}
	return ones, zeros
}()

// mulAdd is dst = activation(x·y + z), pixel by pixel of a block. y and z go on
// by their steps from one pixel to the next; a step of 0 keeps them.
func mulAdd(dst, x, y, z []float32, yStep, zStep int, act Activation) {
	last := len(dst)/blockChannels - 1
	_, _, _ = x[:len(dst)], y[:last*yStep+blockChannels], z[:last*zStep+blockChannels]
	low, high := act.clamp()
	if !mulAddRow(dst, x, y, z, yStep, zStep, low, high) {
		for i := range last + 1 {
			d, s := (*lanes)(dst[i*blockChannels:]), (*lanes)(x[i*blockChannels:])
			f, a := (*lanes)(y[i*yStep:]), (*lanes)(z[i*zStep:])
			for k := range d {
				d[k] = min(max(s[k]*f[k]+a[k], low), high)
			}
		}
	}
	if act.smooth() {
		act.finish(dst)
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
	t.run(j, j.planes, j.perPlane)
	*j = mulJob{}
}

type mulJob struct {
	Mul
	dst, x, y, residual []float32
	strips
}

func (j *mulJob) do(_, chunk int) {
	b, top, bottom := j.at(chunk)
	for row := top; row < bottom; row++ {
		factors, step := j.B.pixels(j.y, b, 0), 0
		if j.B.H != 1 || j.B.W != 1 {
			factors, step = j.B.pixels(j.y, b, row), blockChannels
		}
		added, addedStep := zeros[:], 0
		if j.residual != nil {
			added, addedStep = j.Residual.pixels(j.residual, b, row), blockChannels
		}
		mulAdd(j.Out.pixels(j.dst, b, row), j.A.pixels(j.x, b, row), factors, added, step, addedStep, j.Activation)
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// lanes is one pixel of a block.
type lanes [blockChannels]float32

// pixels is a row of a block, without its halo.
func (l *Layout) pixels(v []float32, block, y int) []float32 {
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
