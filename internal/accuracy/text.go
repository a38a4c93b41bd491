package accuracy

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/resc-lang/resc/internal/escape"
)

// What fits into text; JSON has everything.
const (
	textMatrix     = 20 // classes
	textConfusions = 20
)

// Text writes the report as tables.
func (r *Report) Text(w io.Writer) error {
	b := &strings.Builder{}
	escape.Fprintf(b, "%s on %s: %s\n", r.Model, r.Data, r.extent())
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "top-1\t%s, %d of %d\n", percent(r.Top1), r.Right, r.Images)
	fmt.Fprintf(t, "top-5\t%s\n", percent(r.Top5))
	fmt.Fprintf(t, "speed\t%.1f images/s, %.1f s\n", r.PerSecond, r.Seconds)
	escape.Fprintf(t, "labels\t%s\n", r.Labels)
	if r.Crops > 1 {
		fmt.Fprintf(t, "crops\t%d\n", r.Crops)
	}
	for _, p := range r.Published {
		escape.Fprintf(t, "published\t%s\n", p)
	}
	t.Flush()
	if len(r.Classes) > 0 {
		fmt.Fprintln(b)
		t = tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
		fmt.Fprintln(t, "class\timages\tprecision\trecall")
		for _, c := range r.Classes {
			escape.Fprintf(t, "%s\t%d\t%s\t%s\n", c.Class, c.Support, percent(c.Precision), percent(c.Recall))
		}
		t.Flush()
	}
	if len(r.Classes) <= textMatrix {
		r.textMatrix(b)
	} else if cells := r.Confusions(); len(cells) > 0 {
		fmt.Fprintln(b, "\nmost frequent confusions")
		t = tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
		for _, c := range cells[:min(textConfusions, len(cells))] {
			escape.Fprintf(t, "  %d\t%s\ttaken for\t%s\n", c.Images, c.Class, c.Predicted)
		}
		t.Flush()
	}
	if len(r.Mistakes) > 0 {
		fmt.Fprintln(b, "\nworst mistakes: taken for, and what it is")
		t = tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
		for _, m := range r.Mistakes {
			escape.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", m.Predicted, percent(&m.Probability), m.Class, percent(&m.ClassProbability), m.File)
		}
		t.Flush()
	}
	// The writer of tables fills the last column too.
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// extent says how many images there were.
func (r *Report) extent() string {
	s := fmt.Sprintf("%d images", r.Images)
	if r.Partial {
		s = fmt.Sprintf("PARTIAL, %d of %d images", r.Images, r.Of)
	}
	if r.Broken > 0 {
		s += fmt.Sprintf(", %d broken", r.Broken)
	}
	if r.NotFinite > 0 {
		s += fmt.Sprintf(", not finite: %d of %d", r.NotFinite, r.NotFinite+r.Images)
	}
	return s
}

// textMatrix writes rows of classes and columns of what they were taken for.
func (r *Report) textMatrix(b *strings.Builder) {
	if len(r.Classes) == 0 {
		return
	}
	fmt.Fprintln(b, "\nconfusion: a row for each class, a column for what it was taken for")
	width, cell := 0, len(fmt.Sprint(r.Images))
	for _, c := range r.Classes {
		width = max(width, utf8.RuneCountInString(escape.Line(c.Class)))
		cell = max(cell, len(fmt.Sprint(c.Index)))
	}
	head := len(fmt.Sprint(r.Classes[len(r.Classes)-1].Index))
	fmt.Fprintf(b, "%*s", head+1+width, "")
	for _, c := range r.Classes {
		fmt.Fprintf(b, "  %*d", cell, c.Index)
	}
	fmt.Fprintln(b)
	for i, row := range r.Matrix() {
		escape.Fprintf(b, "%*d %-*s", head, r.Classes[i].Index, width, r.Classes[i].Class)
		for _, n := range row {
			if n == 0 {
				fmt.Fprintf(b, "  %*s", cell, ".")
			} else {
				fmt.Fprintf(b, "  %*d", cell, n)
			}
		}
		fmt.Fprintln(b)
	}
}

// percent prints a part, with as many digits as say something.
func percent(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", 100**v)
}
