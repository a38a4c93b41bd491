package kernel

// plan cuts the first part of the output blocks into panels, and returns the number of
// weights in all of them: for each, the matrices of the algorithm side by side, each like
// those of a part of the inputs of a panel, or taken apart further.
func (a strassen) plan(f *Filter) (weights int) {
	outs := blocksOf(f.spec.Out) >> a.levels
	for out := 0; out < outs; {
		p := panel{out: out, depth: f.spec.In / blockChannels >> a.levels, offset: weights}
		for _, p.width = range panelWidths(f.tier) {
			if out+p.width <= outs {
				break
			}
		}
		f.panels = append(f.panels, p)
		weights += p.matrixFloats(-1, a.levels)
		out += p.width
	}
	return weights
}

// floats is the number of weights of a panel of a 1×1 convolution.
func (p *panel) floats() int { return p.depth * blockChannels * p.width * blockChannels }

// matrixFloats is the number of weights of a matrix of a level.
func (p *panel) matrixFloats(level, levels int) int {
	n := p.floats()
	for l := level + 1; l < levels; l++ {
		n *= strassenMatrices
	}
	return n
}

// pack fills the panels: first with the parts of the filter, each where the matrix goes
// that it will be added to, then with the matrices.
func (a strassen) pack(f *Filter, rows Rows) {
	f.packPanels(func(p panel, packed []float32, rows Rows) {
		n, ins := p.floats(), p.depth*blockChannels
		for out := range 1 << a.levels {
			part := panel{out: p.out + out*(blocksOf(f.spec.Out)>>a.levels), width: p.width}
			for in := range 1 << a.levels {
				f.spec.fillProduct(part, packed[strassenPlace(in, out, a.levels)*n:][:n], rows, in*ins)
			}
		}
		f.combine(packed[:p.matrixFloats(-1, a.levels)], a.levels)
	}, rows)
}

// strassenPlace is the place of a part of the inputs and outputs of a filter: of
// B12 on each level where T1 goes, and of B22 where T2 does.
func strassenPlace(in, out, levels int) (place int) {
	for level := levels - 1; level >= 0; level-- {
		place *= strassenMatrices
		switch lower, right := in>>level&1 == 1, out>>level&1 == 1; {
		case lower && right:
			place += matrixT2
		case lower:
			place += matrixB21
		case right:
			place += matrixT1
		}
	}
	return place
}

// combine makes the parts of a matrix those of the algorithm, level by level.
func (f *Filter) combine(packed []float32, levels int) {
	if levels == 0 {
		return
	}
	n := len(packed) / strassenMatrices
	part := func(i int) []float32 { return packed[i*n:][:n] }
	makeMatrices(f.tier, part(matrixB11), part(matrixT1), part(matrixT2))
	for i := range strassenMatrices {
		f.combine(part(i), levels-1)
	}
}
