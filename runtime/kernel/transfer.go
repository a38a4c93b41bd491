package kernel

// Import takes an image from its caller: [C][H][W] in NCHW order, into a layout.
type Import struct{ Out Layout }

// Run copies one image.
func (i Import) Run(t *Threads, dst, src []float32) {
	_ = src[:i.Out.C*i.Out.H*i.Out.W]
	j := &t.imported
	*j = importJob{i, dst, src, cut(t, i.Out.blocks(), i.Out.H)}
	t.run(j, j.planes, j.perPlane)
	*j = importJob{}
}

type importJob struct {
	Import
	dst, src []float32
	strips
}

func (j *importJob) do(_, chunk int) {
	b, top, bottom := j.at(chunk)
	block := j.Out.block()
	channels := min(block, j.Out.C-b*block)
	for y := top; y < bottom; y++ {
		dst := j.Out.pixels(j.dst, b, y)
		if channels < block {
			clear(dst)
		}
		if channels == colours && block == colours {
			interleave(dst, j.row(0, y), j.row(1, y), j.row(2, y))
			continue
		}
		for k := range channels {
			for x, v := range j.row(b*block+k, y) {
				dst[x*block+k] = v
			}
		}
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// row is a row of one channel of the caller's image.
func (j *importJob) row(channel, y int) []float32 {
	return j.src[(channel*j.Out.H+y)*j.Out.W:][:j.Out.W]
}

// colours is the number of channels of most images, which are read side by side.
const colours = 3

// interleave puts the values of three rows side by side.
func interleave(dst, red, green, blue []float32) {
	green, blue = green[:len(red)], blue[:len(red)]
	for x, v := range red {
		if len(dst) < colours {
			return
		}
		dst[0], dst[1], dst[2] = v, green[x], blue[x]
		dst = dst[colours:]
	}
}

// Export gives an image to its caller, as [C][H][W] in NCHW order.
type Export struct{ In Layout }

// Run copies one image.
func (e Export) Run(t *Threads, dst, src []float32) {
	_ = dst[:e.In.C*e.In.H*e.In.W]
	j := &t.exported
	*j = exportJob{e, dst, src, cut(t, e.In.blocks(), e.In.H)}
	t.run(j, j.planes, j.perPlane)
	*j = exportJob{}
}

type exportJob struct {
	Export
	dst, src []float32
	strips
}

func (j *exportJob) do(_, chunk int) {
	b, top, bottom := j.at(chunk)
	block := j.In.block()
	for y := top; y < bottom; y++ {
		src := j.In.pixels(j.src, b, y)
		for k := range min(block, j.In.C-b*block) {
			dst := j.dst[((b*block+k)*j.In.H+y)*j.In.W:][:j.In.W]
			for x := range dst {
				dst[x] = src[x*block+k]
			}
		}
	}
}
