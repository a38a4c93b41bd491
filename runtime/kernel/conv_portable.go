package kernel

// computePortable is the direct kernel in plain Go, for panels of one block:
// four channels of two pixels at once, which is what fits in registers.
func (j *directJob) computePortable(r *directRows) {
	for line := range r.count {
		for x := 0; x < j.Out.W; x += 2 {
			j.computePair(r, line, x, min(x+1, j.Out.W-1)) // the last pixel twice where the width is odd
		}
	}
}

// computePair computes two pixels of a row.
func (j *directJob) computePair(r *directRows, line, x0, x1 int) {
	for lane := 0; lane < blockChannels; lane += 4 {
		var sum [8]float32
		j.sumTaps(&sum, r, line, x0, x1, lane)
		for i, v := range sum {
			x := x0
			if i >= 4 {
				x = x1
			}
			v += r.bias[lane+i%4]
			if a := &r.addends[0]; a.values != nil {
				v += a.values[a.rows.at(line, x)+lane+i%4]
			}
			sum[i] = min(max(v, r.low), r.high)
		}
		copy(j.dst[r.dst.at(line, x1)+lane:], sum[4:])
		copy(j.dst[r.dst.at(line, x0)+lane:], sum[:4])
	}
}

// sumTaps adds up four channels, from lane on, of the pixels x0 and x1 of a row.
func (j *directJob) sumTaps(sum *[8]float32, r *directRows, line, x0, x1, lane int) {
	floats, runs := j.run()
	step := j.Stride * j.in.pixel
	weights := lane
	for i := range r.depth {
		for ky := range r.kernelH {
			at := r.src + line*r.srcRow + i*j.in.plane + ky*j.Dilation*j.in.row
			for kx := range runs {
				from := at + kx*j.Dilation*j.in.pixel
				sumRun(sum, j.src[from+x0*step:][:floats], j.src[from+x1*step:][:floats], r.weights[weights:])
				weights += floats * blockChannels
			}
		}
		weights += r.skip
	}
}

// sumRun adds to four channels of two pixels, whose inputs are a and b, the
// products with weights that follow each other at a distance of 16.
func sumRun(sum *[8]float32, a, b, weights []float32) {
	b = b[:len(a)]
	s0, s1, s2, s3 := sum[0], sum[1], sum[2], sum[3]
	s4, s5, s6, s7 := sum[4], sum[5], sum[6], sum[7]
	for i, u := range a {
		v := b[i]
		w := weights[i*blockChannels:][:4]
		s0 += u * w[0]
		s1 += u * w[1]
		s2 += u * w[2]
		s3 += u * w[3]
		s4 += v * w[0]
		s5 += v * w[1]
		s6 += v * w[2]
		s7 += v * w[3]
	}
	sum[0], sum[1], sum[2], sum[3] = s0, s1, s2, s3
	sum[4], sum[5], sum[6], sum[7] = s4, s5, s6, s7
}
