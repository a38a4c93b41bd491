// Package plan schedules a fused graph: which kernel runs each node, with what
// geometry, on which slots of the arena, with which weights.
//
// A schedule has two readers. emit prints it as Go; exec runs it. Both see the
// runtime's own structures, so that both call the same kernels with the same geometry
// and get the same bits.
package plan

import (
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime"
)

// Schedule is kernel calls in order.
type Schedule struct {
	Graph   *ir.Graph
	Memory  Memory
	Input   Layout // of the image in the caller's memory: NCHW
	Slots   []*Slot
	Calls   []*Call
	Weights []*Weights // in the order of the calls that read them
	Idle    []string   // what names of weights begin with that no output needs
}

// ArenaFloats is the size of the arena that holds every slot.
func (s *Schedule) ArenaFloats() int {
	n := 0
	for _, slot := range s.Slots {
		n = max(n, slot.Offset+slot.Size)
	}
	return n
}

// ArenaBytes is what a session allocates for activations.
func (s *Schedule) ArenaBytes() int64 { return int64(s.ArenaFloats()) * 4 }

// Ranged says whether the input's size varies.
func (s *Schedule) Ranged() bool { return !s.Graph.Nodes[0].Shape.IsConst() }

// Layout is how a value lies in memory; see the type of the same name in
// runtime/kernel.
type Layout struct {
	C     int
	H, W  shape.Dim
	Halo  int
	Block int // channels a block; 0 means 16
}

// blockChannels is the runtime's.
const blockChannels = 16

// Floats is the size of the value at the largest size of the input.
func (l Layout) Floats() int {
	block := l.Block
	if block == 0 {
		block = blockChannels
	}
	return (l.C + block - 1) / block * block * (l.H.Max() + 2*l.Halo) * (l.W.Max() + 2*l.Halo)
}

// equal says whether two values lie alike for every size of the input.
func (l Layout) equal(m Layout) bool {
	same, _ := shape.SameSize(shape.Shape{H: l.H, W: l.W}, shape.Shape{H: m.H, W: m.W})
	return same && l.C == m.C && l.Halo == m.Halo && l.Block == m.Block
}

// Slot is a piece of the arena that values take in turn.
type Slot struct {
	Name   string // a, b, c …
	Size   int    // floats, of the largest value
	Offset int    // floats, from the start of the arena
	Values []*ir.Node
}

// Operand is a value that a call reads or writes: in a slot, or in the caller's
// memory.
type Operand struct {
	Slot   *Slot
	Input  bool // the caller's image
	Output int  // index of the caller's output, when neither
	Layout Layout
	Node   *ir.Node
}

// Call is one call of a kernel: Kernel.Run(t, Dst, Srcs..., Weights).
type Call struct {
	Node    *ir.Node
	Kernel  Kernel
	Dst     *Operand
	Srcs    []*Operand // nil where the kernel's source is absent
	Weights *Weights   // or nil
}

// IsTransfer reports whether the call copies between the caller's memory and the
// arena, and computes nothing.
func (c *Call) IsTransfer() bool {
	switch c.Kernel.(type) {
	case Import, Export:
		return true
	}
	return false
}

// Weights is what a call reads besides its sources: packed when the model is
// loaded.
type Weights struct {
	Node *ir.Node
	Spec Spec
	Fold runtime.Fold // their names in the state dictionary
}

// Spec says how weights are packed: a kernel.FilterSpec, a kernel.LinearSpec or a
// kernel.ScaleShiftSpec.
type Spec interface {
	Size() int // in values, for the tier of kernels in force
}
