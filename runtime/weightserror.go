package runtime

import (
	"fmt"
	"strings"
)

// WeightsError lists every way in which a checkpoint does not fit a model.
type WeightsError struct {
	Missing   []string   // entries that the model reads and the checkpoint lacks, in the model's order
	Extra     []string   // entries that the checkpoint has and the model does not read, sorted
	Misshaped []Misshape // entries of another shape, in the model's order
	Unusable  []Unusable // entries whose values cannot be used, in the model's order
}

// Misshape is an entry of another shape than the model's.
type Misshape struct {
	Name      string
	Got, Want []int // the checkpoint's and the model's
}

// Unusable is an entry with values that cannot be used: of a type that does not
// convert, a variance below zero, numbers that are not finite.
type Unusable struct{ Name, Reason string }

// Error gives the number of faults of each kind and names the first few.
func (e *WeightsError) Error() string {
	var b strings.Builder
	b.WriteString("the weights do not fit the model")
	group(&b, "missing", e.Missing, func(name string) string { return name })
	group(&b, "not the model's", e.Extra, func(name string) string { return name })
	group(&b, "of another shape", e.Misshaped, func(m Misshape) string {
		return fmt.Sprintf("%s is %s, and should be %s", m.Name, formatShape(m.Got), formatShape(m.Want))
	})
	group(&b, "unusable", e.Unusable, func(u Unusable) string { return u.Name + ": " + u.Reason })
	return b.String()
}

// count is the number of faults.
func (e *WeightsError) count() int {
	return len(e.Missing) + len(e.Extra) + len(e.Misshaped) + len(e.Unusable)
}

// group writes one kind of fault: how many, and the first of them a line each.
func group[T any](b *strings.Builder, kind string, faults []T, line func(T) string) {
	const shown = 5
	if len(faults) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%d %s:", len(faults), kind)
	for _, f := range faults[:min(len(faults), shown)] {
		b.WriteString("\n\t" + line(f))
	}
	if more := len(faults) - shown; more > 0 {
		fmt.Fprintf(b, "\n\tand %d more", more)
	}
}

// formatShape writes a shape as the rest of resc does, [64,3,7,7].
func formatShape(shape []int) string {
	return strings.ReplaceAll(fmt.Sprint(shape), " ", ",")
}
