package plan

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the schedule as text: each call with its geometry and slots, then
// each slot with the values that live there.
func (s *Schedule) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, c := range s.Calls {
		var srcs []string
		for _, o := range c.Srcs {
			srcs = append(srcs, o.String())
		}
		how := TypeName(c.Kernel)
		if a, x2 := c.Algorithm("avx512"), c.Algorithm("avx512x2"); a != x2 {
			how += fmt.Sprintf(", %s (avx512x2: %s)", a, x2)
		} else if a != "" {
			how += ", " + a
		}
		fmt.Fprintf(t, "%d\t%s\t%s <- %s\t%s\t%s\n", i, how, c.Dst, strings.Join(srcs, ", "), c.Node.Path, fieldsText(c.Kernel))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, slot := range s.Slots {
		var values []string
		for _, n := range slot.Values {
			values = append(values, n.Path)
		}
		fmt.Fprintf(w, "slot %s: %d bytes at %d: %s\n", slot.Name, 4*slot.Size, 4*slot.Offset, strings.Join(values, ", "))
	}
	if s.Memory != Fast {
		fmt.Fprintf(w, "memory: %s\n", s.Memory)
	}
	_, err := fmt.Fprintf(w, "arena: %d bytes\n", s.ArenaBytes())
	return err
}

// String names where an operand is.
func (o *Operand) String() string {
	switch {
	case o == nil:
		return "-"
	case o.Slot != nil:
		return o.Slot.Name
	case o.Input:
		return "image"
	}
	return fmt.Sprintf("output %d", o.Output)
}

// String is the layout as text: [64,56,56] with its halo and block where they
// are not the usual.
func (l Layout) String() string {
	s := fmt.Sprintf("[%d,%s,%s]", l.C, l.H, l.W)
	if l.Halo != 0 {
		s += fmt.Sprintf("+%d", l.Halo)
	}
	if l.Block != 0 {
		s += fmt.Sprintf("/%d", l.Block)
	}
	return s
}

// fieldsText prints a kernel's fields that are not zero.
func fieldsText(k Kernel) string {
	var parts []string
	for _, f := range Fields(k) {
		parts = append(parts, fmt.Sprintf("%s=%v", f.Name, f.Value))
	}
	return strings.Join(parts, " ")
}
