package kernel

import "sync"

// cutStrassen cuts the first half of the output blocks into panels, and returns
// the number of weights in all of them: for each, those of strassenProducts side
// by side, each like those of half the inputs of a panel:
//
//	B11, B21, T2, T1, T3, B22, -T4
func (s FilterSpec) cutStrassen(widths []int) (panels []panel, size int) {
	half := blocksOf(s.Out) / 2
	for out := 0; out < half; {
		p := panel{out: out, depth: s.In / blockChannels / 2, offset: size}
		for _, p.width = range widths {
			if out+p.width <= half {
				break
			}
		}
		panels = append(panels, p)
		size += len(strassenProducts) * p.floats()
		out += p.width
	}
	return panels, size
}

// floats is the number of weights of a panel of a 1×1 convolution.
func (p *panel) floats() int { return p.depth * blockChannels * p.width * blockChannels }

// packStrassen fills the panels at once.
func (f *Filter) packStrassen(rows Rows) {
	var all sync.WaitGroup
	for _, p := range f.panels {
		all.Go(func() { f.spec.fillStrassen(p, f.weights[p.offset:], rows) })
	}
	all.Wait()
}

func (s FilterSpec) fillStrassen(p panel, packed []float32, rows Rows) {
	n := p.floats()
	quarters := func(out int) (upper, lower []float32) {
		all := make([]float32, 2*n)
		s.fillPanel(panel{out: out, width: p.width, depth: 2 * p.depth}, all, rows)
		return all[:n], all[n:]
	}
	b11, b21 := quarters(p.out)
	b12, b22 := quarters(p.out + blocksOf(s.Out)/2)
	matrix := func(i int) []float32 { return packed[i*n:][:n] }
	copy(matrix(0), b11)
	copy(matrix(1), b21)
	copy(matrix(5), b22)
	for i := range n {
		t1 := b12[i] - b11[i]
		t2 := b22[i] - t1
		matrix(2)[i] = t2
		matrix(3)[i] = t1
		matrix(4)[i] = b22[i] - b12[i]
		matrix(6)[i] = b21[i] - t2
	}
}
