package kernel

// Import takes an image from its caller: [C][H][W] in NCHW order, into a layout.
type Import struct{ Out Layout }

// Run copies one image.
func (i Import) Run(t *Threads, dst, src []float32) {
	_ = src[:i.Out.C*i.Out.H*i.Out.W]
	j := &t.imported
	*j = importJob{i, dst, src, cut(t, i.Out.blocks(), i.Out.H)}
	t.run(j, j.chunks())
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
		for k := range channels {
			src := j.src[((b*block+k)*j.Out.H+y)*j.Out.W:][:j.Out.W]
			for x, v := range src {
				dst[x*block+k] = v
			}
		}
	}
	j.Out.clearHalo(j.dst, b, top, bottom)
}

// Export gives an image to its caller, as [C][H][W] in NCHW order.
type Export struct{ In Layout }

// Run copies one image.
func (e Export) Run(t *Threads, dst, src []float32) {
	_ = dst[:e.In.C*e.In.H*e.In.W]
	j := &t.exported
	*j = exportJob{e, dst, src, cut(t, e.In.blocks(), e.In.H)}
	t.run(j, j.chunks())
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
