package verify

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/escape"
)

// Text writes the layers up to the first that differs, or all where none does, and
// what follows from them.
func (r *Report) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "value\toperator\tshape\tlargest\tabsolute\trelative\tulp\t\tsource")
	for i := range r.Layers {
		l := &r.Layers[i]
		mark := ""
		if !l.Agrees {
			mark = "differs"
		}
		numbers := "-\t-\t-\t-"
		if l.Problem == "" {
			numbers = fmt.Sprintf("%.3g\t%.1e\t%.1e\t%d", float64(l.Largest), float64(l.Absolute), float64(l.Relative), l.ULP)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.Op, compiler.Dims(l.Shape), numbers, mark, escape.Line(l.Source))
		if r.First != nil && !l.Agrees {
			break
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	fmt.Fprint(w, r.verdict())
	return nil
}

// verdict is the comparison in a few lines.
func (r *Report) verdict() string {
	var b strings.Builder
	if r.Prefix != "" {
		fmt.Fprintf(&b, "The reference's names were read without %q.\n", r.Prefix)
	}
	if n := len(r.Unmatched); n > 0 {
		escape.Fprintf(&b, "%d of the reference's values have names that the model has not: %s.\n", n, few(r.Unmatched))
	}
	images := "1 image"
	if r.Images != 1 {
		images = fmt.Sprintf("%d images", r.Images)
	}
	if i := slices.IndexFunc(r.Layers, func(l Layer) bool { return l.NotFinite > 0 }); i >= 0 {
		l := &r.Layers[i]
		escape.Fprintf(&b, "Both sides have values that are infinite or not a number, first %d of %s, %s (%s): there nothing was compared.\n", l.NotFinite, l.Name, l.Op, l.Source)
	}
	l := r.First
	if len(r.Layers) == 0 {
		return b.String() + "No values were compared.\n"
	}
	if l == nil {
		worst := &r.Layers[0]
		for i := range r.Layers {
			if r.Layers[i].Relative > worst.Relative {
				worst = &r.Layers[i]
			}
		}
		escape.Fprintf(&b, "%s agrees in all %d values, on %s: the largest relative difference is %.1e, at %s; %.0e is allowed.\n",
			r.Model, len(r.Layers), images, float64(worst.Relative), worst.Name, r.Tolerance)
		return b.String()
	}
	before, behind := 0, 0
	for i := range r.Layers {
		switch x := &r.Layers[i]; {
		case x.Name == l.Name && before == 0:
			before = i + 1
		case before > 0 && !x.Agrees:
			behind++
		}
	}
	escape.Fprintf(&b, "%s differs first at %s, %s (%s).\n", r.Model, l.Name, l.Op, l.Source)
	if l.Problem != "" {
		escape.Fprintf(&b, "There %s.\n", l.Problem)
	} else {
		fmt.Fprintf(&b, "There the largest difference is %.3g, or %.1e of the layer's largest value; %.0e is allowed. At %v the model has %.9g, the reference %.9g: %d float32 numbers apart.\n",
			float64(l.Absolute), float64(l.Relative), r.Tolerance, l.At, float64(l.Ours), float64(l.Reference), l.ULP)
	}
	fmt.Fprintf(&b, "Before it %d of %d values agree, on %s; behind it %d differ.\n", before-1, len(r.Layers), images, behind)
	return b.String()
}

// few is the first of some names.
func few(names []string) string {
	const shown = 8
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:shown], ", ") + ", …"
}
