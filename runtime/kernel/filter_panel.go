package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// A panel is the weights of a few neighbouring output blocks, in the order in
// which a direct kernel reads them:
//
//	[input block][kernel row][kernel column][channel][output block][16]
//
// It spans the input blocks that the groups of its outputs need and no others;
// the weights that join different groups, and those of channels that do not
// exist, are zero.
type panel struct {
	out, width int  // output blocks: the first, and how many
	in, depth  int  // input blocks: the first, and how many
	offset     int  // in the filter's weights
	half       bool // two blocks, of which the second has channels in its first half only
}

// panelWidths are the numbers of output blocks that the kernels of a tier
// compute at once, in descending order, down to 1.
func panelWidths(tier cpu.Level) []int {
	switch tier {
	case cpu.AVX512:
		return []int{4, 2, 1}
	case cpu.AVX2:
		return []int{2, 1}
	default: // NEON multiplies by an element of a register: wider tiles save no loads
		return []int{1}
	}
}

// packPanels fills the panels, all at the same time.
func (f *Filter) packPanels(fill func(p panel, packed []float32, rows Rows), rows Rows) {
	together(len(f.panels), func(i int) { fill(f.panels[i], f.weights[f.panels[i].offset:], rows) })
}

// cutPanels cuts the output blocks into panels, each as wide as it can be
// without multiplying by more zeros than narrower ones would, and returns the
// number of weights in all of them.
func (s FilterSpec) cutPanels(widths []int) (panels []panel, size int) {
	for out := 0; out < blocksOf(s.Out); {
		p := s.panelAt(out, widths)
		p.offset = size
		p.half = p.width == 2 && s.Out-(out+1)*blockChannels <= blockChannels/2
		size += p.depth * s.taps() * s.Block * p.width * blockChannels
		panels = append(panels, p)
		out += p.width
	}
	return panels, size
}

// panelAt is the widest panel from an output block on that needs no more input
// blocks than each of its output blocks alone.
func (s FilterSpec) panelAt(out int, widths []int) panel {
	for _, width := range widths {
		if out+width > blocksOf(s.Out) {
			continue
		}
		in, depth := s.span(out, width)
		least := depth
		for b := range width {
			_, d := s.span(out+b, 1)
			least = min(least, d)
		}
		if depth == least {
			return panel{out: out, width: width, in: in, depth: depth}
		}
	}
	panic("kernel: no panel of one output block")
}

// span is the range of input blocks that some output blocks need.
func (s FilterSpec) span(out, width int) (in, depth int) {
	first := out * blockChannels
	last := min(first+width*blockChannels, s.Out) - 1
	ins, outs := s.In/s.Groups, s.Out/s.Groups
	in = first / outs * ins / s.Block
	end := ((last/outs+1)*ins-1)/s.Block + 1
	return in, end - in
}

// fillPanel copies the weights of a panel to their places in it; the others
// stay zero. It takes a few input channels of some outputs at a time, whose
// places lie close together.
func (s FilterSpec) fillPanel(p panel, packed []float32, rows Rows) {
	if s.taps() == 1 && s.Groups == 1 {
		s.fillProduct(p, packed[:s.In*p.width*blockChannels], rows, 0)
		return
	}
	ins, outs, taps := s.In/s.Groups, s.Out/s.Groups, s.taps()
	lanes := p.width * blockChannels // values of one input channel and tap
	end := min(lanes, s.Out-p.out*blockChannels)
	row := make([]float32, blockChannels*taps)
	for start := 0; start < ins; start += blockChannels {
		for lane := range end {
			o := p.out*blockChannels + lane
			first := o/outs*ins + start // input channel
			from := row[:min(blockChannels, ins-start)*taps]
			rows.Row(from, o, start*taps)
			block, channel := first/s.Block-p.in, first%s.Block
			for len(from) > 0 {
				to := (block*taps*s.Block+channel)*lanes + lane
				for k, v := range from[:taps] {
					packed[to+k*s.Block*lanes] = v
				}
				from = from[taps:]
				if channel++; channel == s.Block {
					block, channel = block+1, 0
				}
			}
		}
	}
}

// fillProduct is fillPanel for a 1×1 convolution, a transposition: of as many input
// channels as packed has place for, from one on.
func (s FilterSpec) fillProduct(p panel, packed []float32, rows Rows, from int) {
	const channels, outputs = 64, 4 // at a time
	lanes := p.width * blockChannels
	end := min(lanes, s.Out-p.out*blockChannels)
	var block [outputs][channels]float32
	ins := len(packed) / lanes
	for start := 0; start < ins; start += channels {
		n := min(channels, ins-start)
		to := packed[start*lanes:][:n*lanes]
		for lane := 0; lane < end; lane += outputs {
			for i := range block {
				if row := block[i][:n]; lane+i < end {
					rows.Row(row, p.out*blockChannels+lane+i, from+start)
				} else {
					clear(row)
				}
			}
			for c := range n {
				*(*[outputs]float32)(to[c*lanes+lane:]) = [outputs]float32{block[0][c], block[1][c], block[2][c], block[3][c]}
			}
		}
	}
}

// widestPanel is the largest of all panelWidths.
const widestPanel = 4
