package runtime

import (
	"fmt"
	"strconv"
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

// Error gives the number of faults of each kind and names the first few, a line each.
// Names that do not print as they are stand in quotes.
func (e *WeightsError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the lines of the error's text.
func (e *WeightsError) Lines() []string {
	text := []string{"the weights do not fit the model"}
	text = group(text, "missing", e.Missing, printable)
	text = group(text, "not the model's", e.Extra, printable)
	text = group(text, "of another shape", e.Misshaped, func(m Misshape) string {
		return fmt.Sprintf("%s is %s, and should be %s", printable(m.Name), formatShape(m.Got), formatShape(m.Want))
	})
	return group(text, "unusable", e.Unusable, func(u Unusable) string { return printable(u.Name) + ": " + u.Reason })
}

// count is the number of faults.
func (e *WeightsError) count() int {
	return len(e.Missing) + len(e.Extra) + len(e.Misshaped) + len(e.Unusable)
}

// group adds one kind of fault: how many, and the first of them a line each.
func group[T any](text []string, kind string, faults []T, line func(T) string) []string {
	const shown = 5
	if len(faults) == 0 {
		return text
	}
	text = append(text, fmt.Sprintf("%d %s:", len(faults), kind))
	for _, f := range faults[:min(len(faults), shown)] {
		text = append(text, "\t"+line(f))
	}
	if more := len(faults) - shown; more > 0 {
		text = append(text, fmt.Sprintf("\tand %d more", more))
	}
	return text
}

// printable is a name of a file's, in quotes if not all of it prints.
func printable(name string) string {
	if quoted := strconv.Quote(name); len(quoted) != len(name)+2 {
		return quoted
	}
	return name
}

// formatShape writes a shape as the rest of resc does, [64,3,7,7].
func formatShape(shape []int) string {
	return strings.ReplaceAll(fmt.Sprint(shape), " ", ",")
}
