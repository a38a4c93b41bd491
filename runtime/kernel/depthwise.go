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

// depthwiseJob is a depthwise convolution cut into chunks: strips of output
// rows by channel blocks.
type depthwiseJob struct {
	Conv
	dst, src, residual []float32
	filter             *Filter
	rows, strips       int // rows of a strip, and strips
}

func (c Conv) runDepthwise(t *Threads, dst, src, residual []float32, w *Filter) {
	j := &t.depthwise
	*j = depthwiseJob{Conv: c, dst: dst, src: src, residual: residual, filter: w}
	j.strips = min(ceil(chunksPerThread*t.N(), c.Out.blocks()), c.Out.H)
	j.rows = ceil(c.Out.H, j.strips)
	j.strips = ceil(c.Out.H, j.rows)
	t.run(j, j.strips*c.Out.blocks())
	*j = depthwiseJob{}
}

// do computes a strip of one block.
func (j *depthwiseJob) do(chunk int) {
	block := chunk / j.strips
	top := chunk % j.strips * j.rows
	bottom := min(top+j.rows, j.Out.H)
	for y := top; y < bottom; y++ {
		j.row(block, y)
	}
	j.Out.clearHalo(j.dst, block, top, bottom)
}

// row computes one row of a block.
func (j *depthwiseJob) row(block, y int) {
	start := y*j.Stride - j.PadTop
	low, high := j.kernelRows(start)
	r := depthwiseRow{
		src:      j.In.at(block, start+low*j.Dilation, -j.PadLeft),
		weights:  (block*j.KernelH + low) * j.KernelW * blockChannels,
		kernelH:  high - low,
		dst:      j.Out.at(block, y, 0),
		residual: j.Residual.at(block, y, 0),
		bias:     (*[blockChannels]float32)(j.filter.bias[block*blockChannels:]),
	}
	j.compute(&r)
	if j.Activation.smooth() {
		j.Activation.finish(j.dst[r.dst:][:j.Out.W*blockChannels])
	}
}

// depthwiseRow is what the kernels compute at once: a row of pixels of one
// block. Positions are indices in the job's buffers.
type depthwiseRow struct {
	src      int // first tap of the first pixel
	weights  int // of that tap
	kernelH  int // kernel rows
	dst      int
	residual int
	bias     *[blockChannels]float32
}

// computePortable is the depthwise kernel in plain Go.
func (j *depthwiseJob) computePortable(r *depthwiseRow) {
	low, high := j.Activation.clamp()
	for x := range j.Out.W {
		sum := *r.bias
		weights := r.weights
		for ky := range r.kernelH {
			for kx := range j.KernelW {
				at := r.src + ky*j.Dilation*j.In.row() + (x*j.Stride+kx*j.Dilation)*blockChannels
				u := (*[blockChannels]float32)(j.src[at:])
				w := (*[blockChannels]float32)(j.filter.weights[weights:])
				for i := range sum {
					sum[i] += u[i] * w[i]
				}
				weights += blockChannels
			}
		}
		if j.residual != nil {
			more := (*[blockChannels]float32)(j.residual[r.residual+x*blockChannels:])
			for i := range sum {
				sum[i] += more[i]
			}
		}
		for i, v := range sum {
			sum[i] = min(max(v, low), high)
		}
		copy(j.dst[r.dst+x*blockChannels:], sum[:])
	}
}
