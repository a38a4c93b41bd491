package kernel

// strassenMatrix is the right side of a product: the matrices into which a level
// takes it apart, side by side, or the differences of two such.
type strassenMatrix struct{ weights, minus []float32 }

// strassenProduct is a product, and what becomes of it.
type strassenProduct struct {
	strassenArea
	left      strassenView
	sums, row int // the place of its left side's sums in the strip's, and the first of their rows
	right     strassenMatrix
	kept      []float32 // where differences on the right go
	dst       strassenView
	addends   [3]strassenView // added to it; the first ones
	bias      strassenView
	low, high float32 // bounds of the result
}

// run computes the strip of the panels.
func (s *strassenStrip) run() {
	p := strassenProduct{
		strassenArea: s.area(),
		left:         s.input(),
		right:        strassenMatrix{weights: s.filter.weights[s.panel.offset:]},
		dst:          s.output(s.dst, &s.out),
		bias:         strassenView{values: s.filter.bias[s.panel.out*blockChannels:], span: len(s.filter.bias), plane: blockChannels},
	}
	p.low, p.high = s.Activation.clamp()
	if s.residual != nil {
		p.addends[0] = s.output(s.residual, &s.added)
	}
	s.multiply(0, p)
	for part := range 1 << s.levels {
		for b := range s.panel.width {
			s.finish(s.panel.out + part*(s.Out.blocks()>>s.levels) + b)
		}
	}
}

// finish applies what activations do after storing, and clears the halo.
func (s *strassenStrip) finish(block int) {
	top, bottom := 2*s.top, min(2*s.bottom, s.Out.H)
	if s.Activation.smooth() {
		for y := top; y < bottom; y++ {
			s.Activation.finish(s.dst[s.out.at(block, y, 0):][:s.Out.W*blockChannels])
		}
	}
	s.Out.clearHalo(s.dst, block, top, bottom)
}

// multiply computes a product by seven others, or, after the last level, directly.
func (s *strassenStrip) multiply(level int, p strassenProduct) {
	if level == s.levels {
		s.compute(&p)
		return
	}
	first, second := p.halves(level)
	results := &s.results[level]
	for i := range strassenProducts {
		c := &strassenProducts[i]
		part := strassenProduct{strassenArea: first, bias: noBiasView, low: negativeInfinity, high: positiveInfinity}
		if c.onSecond {
			part.strassenArea = second
		}
		if part.empty() {
			if p.right.minus == nil || c.minus != nothing {
				continue
			}
			part.strassenArea = first // for the difference, which others are made of
		}
		part.left = s.left(level, &p.left, p.columns, &s.sums[p.sums], i, p.row)
		part.sums = 1 + i
		s.takeApart(level, &p.right, i, &part)
		if c.final {
			s.part(level, &p, &part, c.to)
		} else {
			part.dst = results[c.to]
		}
		if c.add == resultW && first != second {
			s.withoutPartner(level, second, part)
			continue
		}
		if c.add != nothing {
			part.add(results[c.add])
		}
		s.multiply(level+1, part)
	}
	if !second.empty() {
		last := strassenProduct{strassenArea: second}
		s.part(level, &p, &last, quarter22)
		s.last(level, &last)
	}
}

// withoutPartner computes a product to which W is to be added: over the second half,
// and over what the first has more, where W is V.
func (s *strassenStrip) withoutPartner(level int, second strassenArea, p strassenProduct) {
	results := &s.results[level]
	rest := p
	rest.add(results[resultV])
	rest.skip(level, second)
	if !second.empty() {
		p.strassenArea = second
		p.add(results[resultW])
		s.multiply(level+1, p)
	}
	s.multiply(level+1, rest)
}

// skip leaves out the first rows of a product, or on the second level columns.
func (p *strassenProduct) skip(level int, a strassenArea) {
	if level == 0 {
		p.rows -= a.rows
		p.row += a.rows
	} else {
		p.columns -= a.columns
	}
	views := [...]*strassenView{&p.left, &p.dst, &p.addends[0], &p.addends[1], &p.addends[2]}
	for _, v := range views {
		if v.values == nil {
			continue
		}
		if level == 0 {
			v.values = v.values[a.rows*v.row:]
		} else {
			v.values = v.values[a.columns*v.pixel:]
		}
	}
}

// part makes a product a quarter of another.
func (s *strassenStrip) part(level int, whole, part *strassenProduct, quarter int) {
	part.dst = whole.dst.quarter(level, quarter, whole.columns)
	part.bias = whole.bias.quarter(level, quarter, whole.columns)
	part.low, part.high = whole.low, whole.high
	for i := range whole.addends {
		if a := &whole.addends[i]; a.values != nil {
			part.addends[i] = a.quarter(level, quarter, whole.columns)
		}
	}
}

// add adds an intermediate result to a product.
func (p *strassenProduct) add(v strassenView) {
	for i := range p.addends {
		if p.addends[i].values == nil {
			p.addends[i] = v
			return
		}
	}
	panic("kernel: too many addends")
}

// takeApart gives a part of a product its right side.
func (s *strassenStrip) takeApart(level int, whole *strassenMatrix, product int, part *strassenProduct) {
	c := &strassenProducts[product]
	n := s.panel.matrixFloats(level, s.levels)
	at := func(weights []float32, matrix int) []float32 { return weights[matrix*n:] }
	switch alone := c.minus == nothing; {
	case alone && whole.minus == nil:
		part.right = strassenMatrix{weights: at(whole.weights, c.right)}
	case alone:
		part.right = strassenMatrix{at(whole.weights, c.right), at(whole.minus, c.right)}
		part.kept = s.kept[1+c.right]
	case whole.minus == nil:
		part.right = strassenMatrix{at(whole.weights, c.right), at(whole.weights, c.minus)}
		part.kept = s.kept[0]
	default:
		part.right = strassenMatrix{s.kept[1+c.right], s.kept[1+c.minus]}
		part.kept = s.kept[0]
	}
}

// compute computes a product directly.
func (s *strassenStrip) compute(p *strassenProduct) {
	d := directJob{
		Conv:   Conv{Out: Layout{W: p.columns}, KernelH: 1, KernelW: 1, Stride: p.left.pixel / blockChannels, Dilation: 1},
		filter: s.filter, in: grid{plane: p.left.plane, row: p.left.row, pixel: blockChannels},
		src: p.left.values, dst: p.dst.values,
	}
	r := directRows{
		panel: s.panel, count: p.rows, srcRow: p.left.row, weights: p.right.weights, minus: p.right.minus, kept: p.kept, depth: s.panel.depth, kernelH: 1,
		dst: p.dst.rows(), bias: p.bias.values, low: p.low, high: p.high,
	}
	for i := range p.addends {
		if a := &p.addends[i]; a.values != nil {
			r.addends[i] = addend{a.values, a.rows()}
		}
	}
	d.compute(&r)
}

var noBiasView = strassenView{values: noBias[:]}
