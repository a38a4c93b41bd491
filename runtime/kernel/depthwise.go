package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// widestGroup is the largest number of channels in a group for which the
// depthwise kernels, which permute, are faster than direct convolution.
const widestGroup = 8

// channelIndex is, for each lane, a lane of the block that its group reads.
type channelIndex [blockChannels]int32

// depthwise is direct convolution in narrow groups.
type depthwise struct{}

func (depthwise) suits(s FilterSpec, _ cpu.Level) bool { return s.narrow() }

// plan makes the index of each channel of a group, and counts the weights.
func (depthwise) plan(f *Filter) (weights int) {
	s := f.spec
	width := s.In / s.Groups
	f.index = make([]channelIndex, width)
	for i := range f.index {
		for lane := range f.index[i] {
			f.index[i][lane] = int32(lane/width*width + i)
		}
	}
	return blocksOf(s.Out) * s.taps() * width * blockChannels
}

// pack orders the weights as [block][kernel row][kernel column][channel of the group][16].
func (depthwise) pack(f *Filter, rows Rows) {
	s := f.spec
	taps, width := s.taps(), s.In/s.Groups
	row := make([]float32, width*taps)
	for o := range s.Out {
		rows.Row(row, o, 0)
		block, lane := o/blockChannels, o%blockChannels
		for i := range width {
			for k := range taps {
				f.weights[((block*taps+k)*width+i)*blockChannels+lane] = row[i*taps+k]
			}
		}
	}
}

// depthwiseJob is a convolution in narrow groups, most often of one channel, cut
// into strips of rows of one block.
type depthwiseJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	in, out, added     grid // of src, dst and residual
	strips
}

func (depthwise) run(c Conv, t *Threads, dst, src, residual []float32, w *Filter) {
	j := &t.depthwise
	*j = depthwiseJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		strips: cut(t, c.Out.blocks(), c.Out.H),
	}
	t.run(j, j.planes, j.perPlane)
	*j = depthwiseJob{}
}

// do computes a strip.
func (j *depthwiseJob) do(_, chunk int) {
	block, top, bottom := j.at(chunk)
	j.compute(block, top, bottom)
	if j.Activation.smooth() {
		for y := top; y < bottom; y++ {
			j.Activation.finish(j.dst[j.out.at(block, y, 0):][:j.Out.W*blockChannels])
		}
	}
	j.Out.clearHalo(j.dst, block, top, bottom)
}

// firstTap is the place in src of the first tap of a row's first pixel.
func (j *depthwiseJob) firstTap(block, y int) int {
	return j.in.at(block, y*j.Stride-j.PadTop, -j.PadLeft)
}

// computePortable is the depthwise kernel in plain Go.
func (j *depthwiseJob) computePortable(block, top, bottom int) {
	for y := top; y < bottom; y++ {
		dst, residual := j.out.at(block, y, 0), j.added.at(block, y, 0)
		for x := range j.Out.W {
			sum := j.sumTaps(block, j.firstTap(block, y)+x*j.Stride*blockChannels)
			if j.residual != nil {
				added := (*lanes)(j.residual[residual+x*blockChannels:])
				for i := range sum {
					sum[i] += added[i]
				}
			}
			low, high := j.Activation.clamp()
			for i, v := range sum {
				sum[i] = min(max(v, low), high)
			}
			copy(j.dst[dst+x*blockChannels:], sum[:])
		}
	}
}

// sumTaps is a block of one output pixel, whose first tap is at a place in src.
func (j *depthwiseJob) sumTaps(block, first int) lanes {
	sum := *(*lanes)(j.filter.bias[block*blockChannels:])
	weights := j.filter.weights[block*j.blockWeights():]
	for ky := range j.KernelH {
		for kx := range j.KernelW {
			u := (*lanes)(j.src[first+j.Dilation*(ky*j.in.row+kx*blockChannels):])
			for i := range j.filter.index {
				x, w := u, (*lanes)(weights)
				if len(j.filter.index) > 1 {
					x = new(lanes)
					for lane, from := range j.filter.index[i] {
						x[lane] = u[from%blockChannels]
					}
				}
				for lane := range sum {
					sum[lane] += x[lane] * w[lane]
				}
				weights = weights[blockChannels:]
			}
		}
	}
	return sum
}

// blockWeights is the number of weights of a block.
func (j *depthwiseJob) blockWeights() int {
	return j.KernelH * j.KernelW * len(j.filter.index) * blockChannels
}
