package kernel

// Weights of a depthwise convolution are [block][kernel row][kernel column][16].
func packDepthwise(s FilterSpec, weight []float32) []float32 {
	taps := s.taps()
	packed := NewArena(blocksOf(s.Out) * taps * blockChannels)
	for c := range s.Out {
		block, lane := c/blockChannels, c%blockChannels
		for k := range taps {
			packed[(block*taps+k)*blockChannels+lane] = weight[c*taps+k]
		}
	}
	return packed
}

// depthwiseJob is a depthwise convolution cut into strips of rows of one block.
type depthwiseJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	in, out, added     grid // of src, dst and residual
	strips
}

func (c Conv) runDepthwise(t *Threads, dst, src, residual []float32, w *Filter) {
	j := &t.depthwise
	*j = depthwiseJob{
		Conv: c, dst: dst, src: src, residual: residual, filter: w,
		in: c.In.grid(), out: c.Out.grid(), added: c.Residual.grid(),
		strips: cut(t, c.Out.blocks(), c.Out.H),
	}
	t.run(j, j.chunks())
	*j = depthwiseJob{}
}

// do computes a strip.
func (j *depthwiseJob) do(chunk int) {
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
	weights := block * j.KernelH * j.KernelW * blockChannels
	for ky := range j.KernelH {
		for kx := range j.KernelW {
			at := first + j.Dilation*(ky*j.in.row+kx*blockChannels)
			u, w := (*lanes)(j.src[at:]), (*lanes)(j.filter.weights[weights:])
			for i := range sum {
				sum[i] += u[i] * w[i]
			}
			weights += blockChannels
		}
	}
	return sum
}
