package compiler

import "io"

// PrintGraph writes the graph as text: as it was written, or after the passes.
func (p *Program) PrintGraph(w io.Writer, fused bool) error {
	if fused {
		return p.fused.Print(w)
	}
	return p.written.Print(w)
}

// Params counts the trainable parameters, as PyTorch does: those of
// convolutions, linear layers, and batch normalisation's scale and shift.
func (p *Program) Params() int64 {
	var n int64
	for _, node := range p.written.Nodes {
		n += node.Params()
	}
	return n
}

// MACs counts the multiply-adds of convolutions and linear layers for one image
// of the largest size, before any choice of algorithm.
func (p *Program) MACs() int64 {
	var n int64
	for _, node := range p.written.Nodes {
		n += node.MACs()
	}
	return n
}

// Parameters lists the model's parameters and their values.
func (p *Program) Parameters() []ReportParam {
	var list []ReportParam
	for _, x := range p.model.Params {
		list = append(list, ReportParam(x))
	}
	return list
}
