package kernel

import "fmt"

// Place is the geometry of a copy: every Stride-th pixel of the input goes into
// the output from channel Channel, row Top and column Left on. The rest of the
// output becomes zero, unless Keep, with which values placed before stay. It is
// subsampling, padding of channels and of pixels, and, piece by piece,
// concatenation.
type Place struct {
	In, Out   Layout
	Stride    int // 0 means 1
	Channel   int
	Top, Left int
	Keep      bool
}

// Run computes one image. dst and src do not overlap.
func (p Place) Run(t *Threads, dst, src []float32) {
	p.Stride = max(p.Stride, 1)
	h, w := ceil(p.In.H, p.Stride), ceil(p.In.W, p.Stride)
	if min(p.Channel, p.Top, p.Left) < 0 || p.Channel+p.In.C > p.Out.C || p.Top+h > p.Out.H || p.Left+w > p.Out.W ||
		p.In.block() != blockChannels || p.Out.block() != blockChannels {
		panic(fmt.Sprintf("kernel: %+v cannot be placed in %+v", p.In, p))
	}
	j := &t.place
	*j = placeJob{p, dst, src}
	t.run(j, 1, p.Out.blocks())
	*j = placeJob{}
}

type placeJob struct {
	Place
	dst, src []float32
}

// do fills one block of the output.
func (j *placeJob) do(_, b int) {
	if !j.Keep {
		clear(j.dst[b*j.Out.plane() : (b+1)*j.Out.plane()])
	}
	// Channels of the output's block that the input has.
	low := max(b*blockChannels, j.Channel)
	high := min((b+1)*blockChannels, j.Channel+j.In.C)
	if low >= high {
		return
	}
	h, w := ceil(j.In.H, j.Stride), ceil(j.In.W, j.Stride)
	if low == b*blockChannels && (low-j.Channel)%blockChannels == 0 {
		j.wholeBlock(b, (low-j.Channel)/blockChannels, high-low, h, w)
		return
	}
	for c := low; c < high; c++ {
		from, to := c-j.Channel, c-b*blockChannels
		for y := range h {
			src := j.In.pixels(j.src, from/blockChannels, y*j.Stride)
			dst := j.Out.pixels(j.dst, b, y+j.Top)[j.Left*blockChannels:]
			for x := range w {
				dst[x*blockChannels+to] = src[x*j.Stride*blockChannels+from%blockChannels]
			}
		}
	}
}

// wholeBlock copies pixels whose channels lie alike in both blocks.
func (j *placeJob) wholeBlock(to, from, channels, h, w int) {
	for y := range h {
		src := j.In.pixels(j.src, from, y*j.Stride)
		dst := j.Out.pixels(j.dst, to, y+j.Top)[j.Left*blockChannels:]
		for x := range w {
			copy(dst[x*blockChannels:][:channels], src[x*j.Stride*blockChannels:])
		}
	}
}
