package kernel

// strassenStrip is the products of a panel and its likes in the other parts of the
// outputs, for some pairs of rows, and a worker's memory for them.
type strassenStrip struct {
	*strassenJob
	panel       *panel
	top, bottom int
	sums        [1 + len(strassenProducts)][4]strassenView // of the input, and of the left side of each product
	results     [2][strassenResults]strassenView           // of each level
	kept        [1 + strassenMatrices][]float32            // differences of matrices
	zeros       []float32                                  // a row of the input
}

// keptMatrices is the number of differences that are kept: of two matrices, and with
// two levels of those whose parts are differences already.
func (j *strassenJob) keptMatrices() int {
	if j.levels == 1 {
		return 1
	}
	return 1 + strassenMatrices
}

// area is that of the strip.
func (s *strassenStrip) area() strassenArea {
	return strassenArea{min(2*s.bottom, s.Out.H) - 2*s.top, s.Out.W}
}

// input is the input of the strip.
func (s *strassenStrip) input() strassenView {
	return strassenView{
		values: s.src[s.in.at(0, 2*s.top*s.Stride-s.PadTop, -s.PadLeft):],
		span:   s.In.blocks() * s.in.plane, plane: s.in.plane, row: s.in.row * s.Stride, pixel: s.in.pixel * s.Stride,
	}
}

// output is a view of the output, or of what has its shape, from the panel and the
// strip's first row on.
func (s *strassenStrip) output(values []float32, g *grid) strassenView {
	return strassenView{
		values: values[g.at(s.panel.out, 2*s.top, 0):],
		span:   s.Out.blocks() * g.plane, plane: g.plane, row: g.row, pixel: g.pixel,
	}
}

// halfView is a view in a worker's memory of some blocks of the pixels that are in the
// first half of a strip's on a level and on the levels before. It has no memory yet.
func (j *strassenJob) halfView(level, blocks int) strassenView {
	a := strassenArea{2 * j.rows, j.Out.W}
	for l := range level + 1 {
		a, _ = a.halves(l)
	}
	v := strassenView{row: a.columns * blockChannels, pixel: blockChannels}
	v.plane = a.rows * v.row
	v.span = blocks * v.plane
	return v
}

// size is the memory that a view takes beside others. A cache line more than it needs
// keeps them from falling into the same sets.
func (v *strassenView) size() int { return v.span + blockChannels }

// sumView is a sum of a level.
func (j *strassenJob) sumView(level int) strassenView {
	return j.halfView(level, j.In.blocks()>>(level+1))
}

// resultView is an intermediate result of a level: of the panel in each part of the
// outputs that the levels below have left.
func (j *strassenJob) resultView(level, width int) strassenView {
	return j.halfView(level, width<<(j.levels-level-1))
}

// rowFloats is the size of a row of the input, as far as the output depends on it.
func (j *strassenJob) rowFloats() int { return j.Out.W * j.Stride * blockChannels }

// floats is the size of a worker's memory.
func (j *strassenJob) floats() int {
	widest := &j.filter.panels[0]
	sum := j.sumView(0)
	n := j.rowFloats() + j.keptMatrices()*widest.floats() + 4*sum.size()
	if j.levels > 1 {
		sum = j.sumView(1)
		n += len(strassenProducts) * 4 * sum.size()
	}
	for level := range j.levels {
		result := j.resultView(level, widest.width)
		n += strassenResults * result.size()
	}
	return n
}

// place gives the strip memory, in which every panel finds the sums in one place.
func (s *strassenStrip) place(memory []float32) {
	put := func(v *strassenView) {
		v.values, memory = memory[:v.span], memory[v.size():]
	}
	for i := range s.sums {
		level := min(i, 1)
		for k := range s.sums[i] {
			if level < s.levels {
				s.sums[i][k] = s.sumView(level)
				put(&s.sums[i][k])
			}
		}
	}
	for level := range s.levels {
		for i := range s.results[level] {
			s.results[level][i] = s.resultView(level, s.panel.width)
			put(&s.results[level][i])
		}
	}
	n := s.panel.floats()
	for i := range s.keptMatrices() {
		s.kept[i], memory = memory[:n:n], memory[n:]
	}
	s.zeros = memory[:s.rowFloats()]
}

// left is the left side of a product, one of those into which a level takes a matrix
// of some columns apart: a quarter of it, or one of its sums from a row on.
func (s *strassenStrip) left(level int, matrix *strassenView, columns int, sums *[4]strassenView, product, row int) strassenView {
	from := strassenProducts[product].left
	if from < sum1 {
		return matrix.quarter(level, from, columns)
	}
	v := sums[from-sum1]
	v.values = v.values[row*v.row:]
	return v
}
