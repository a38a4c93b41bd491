package checkpoint

import (
	"fmt"
	"strings"

	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// MisfitError lists every way in which a file does not fit a model, in the attempt
// that came closest.
type MisfitError struct {
	Rule      string   // how names were understood
	Missing   []Entry  // in the model's order
	Extra     []string // tensors of the file that nothing accounts for
	Misshaped []Misshape
	Unusable  []Unusable
	Twice     []string // the model's names that several tensors claim
	Ambiguous []string // parts of the file that fit alike
	Extras    []Extra  // what is no tensor

	found   int // entries that are there
	outside int // of Extra, those outside of the part that was looked into
}

// Misshape is an entry whose tensor has another shape.
type Misshape struct {
	Entry
	File string // the tensor's name
	Got  []int
}

// Unusable is an entry whose tensor holds no real numbers.
type Unusable struct {
	Name, File string
	DType      safetensors.DType
}

// Found is the number of the model's entries that the file has, of whatever shape.
func (e *MisfitError) Found() int { return e.found }

// inside counts the faults in the part that was looked into.
func (e *MisfitError) inside() int {
	return len(e.Missing) + len(e.Extra) - e.outside + len(e.Misshaped) + len(e.Unusable) + len(e.Twice)
}

// Count is the number of faults.
func (e *MisfitError) Count() int { return e.inside() + e.outside + len(e.Ambiguous) }

// Error gives the number of faults of each kind and names the first few, a line each.
// Names are escaped.
func (e *MisfitError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the lines of the error's text.
func (e *MisfitError) Lines() []string {
	text := []string{"the weights do not fit the model"}
	if e.Rule != "as it is" {
		text[0] += fmt.Sprintf(" (by %s)", escape.Line(e.Rule))
	}
	if len(e.Ambiguous) > 0 {
		text = append(text, "several parts of the file fit; --from says which is meant:")
		for _, p := range e.Ambiguous {
			if p == "" {
				p = "the names without a prefix"
			}
			text = append(text, "\t"+escape.Line(strings.TrimSuffix(p, ".")))
		}
		return text
	}
	text = group(text, "missing", e.Missing, func(m Entry) string { return m.Name + " " + dims(m.Shape) })
	text = group(text, "not the model's", e.Extra, func(name string) string { return name })
	text = group(text, "of another shape", e.Misshaped, func(m Misshape) string {
		return fmt.Sprintf("%s is %s, and should be %s", m.File, dims(m.Got), dims(m.Shape))
	})
	text = group(text, "of a type that is no real number", e.Unusable, func(u Unusable) string { return fmt.Sprintf("%s is %s", u.File, u.DType) })
	return group(text, "claimed by several tensors", e.Twice, func(name string) string { return name })
}

// group adds one kind of fault: how many, and the first of them a line each.
func group[T any](text []string, kind string, faults []T, line func(T) string) []string {
	const shown = 5
	if len(faults) == 0 {
		return text
	}
	text = append(text, fmt.Sprintf("%d %s:", len(faults), kind))
	for _, f := range faults[:min(len(faults), shown)] {
		text = append(text, "\t"+escape.Line(line(f)))
	}
	if more := len(faults) - shown; more > 0 {
		text = append(text, fmt.Sprintf("\tand %d more", more))
	}
	return text
}

// dims writes a shape as the rest of resc does, [64,3,7,7].
func dims(shape []int) string {
	return strings.ReplaceAll(fmt.Sprint(shape), " ", ",")
}
