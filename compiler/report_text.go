package compiler

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/internal/escape"
)

// Thousands writes a number with commas.
func Thousands(n int64) string { return check.Thousands(n) }

// Text writes the report as a table for people.
func (r *Report) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s", r.Model)
	if len(r.Params) > 0 {
		var ps []string
		for _, p := range r.Params {
			ps = append(ps, p.Name+" = "+p.Value)
		}
		escape.Fprintf(w, " (%s)", strings.Join(ps, ", "))
	}
	fmt.Fprintln(w)
	if r.Doc != "" {
		fmt.Fprintf(w, "%s\n", r.Doc)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	escape.Fprintf(t, "input\t%s\t%s\n", r.Input.Name, shapeText(r.Input))
	for _, o := range r.Outputs {
		escape.Fprintf(t, "output\t%s\t%s", o.Name, shapeText(o))
		if o.Stride > 0 {
			fmt.Fprintf(t, "\tstride %d", o.Stride)
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "layer\toperator\toutput\tparameters\tmultiply-adds\tfield\tcomputed by\tsource")
	for _, l := range r.Layers {
		escape.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Name, strings.TrimSpace(l.Op+" "+l.Attributes), Dims(l.OutputShape),
			orDash(l.Params), orDash(l.MACs), fieldText(l), computedBy(l), l.Source)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "parameters\t%s\ttrainable, as PyTorch counts them\n", Thousands(r.ParamCount))
	fmt.Fprintf(t, "multiply-adds\t%s\tof convolutions and linear layers, for one image; 1 multiply-add = 2 FLOPs\n", Thousands(r.MACs))
	fmt.Fprintf(t, "checkpoint\t%s bytes\tof the state dictionary in float32\n", Thousands(r.CheckpointBytes))
	fmt.Fprintf(t, "weights\t%s bytes\tpacked for this processor, --memory %s\n", Thousands(r.WeightBytes), r.Memory)
	fmt.Fprintf(t, "activations\t%s bytes\tof all layers; a session takes %s\n", Thousands(r.ActivationBytes), Thousands(r.ArenaBytes))
	for _, p := range r.Published {
		escape.Fprintf(t, "published\t%s %s\t%s\n", p.Metric, p.Value, p.Source)
	}
	return t.Flush()
}

func shapeText(v ReportValue) string {
	if v.Range != "" {
		return v.Range
	}
	return Dims(v.Shape)
}

// computedBy is the algorithm of a convolution, the kernel of another layer, or the
// layer whose kernel computes this one too.
func computedBy(l ReportLayer) string {
	switch {
	case l.FusedInto != "":
		return "with " + l.FusedInto
	case l.AlgorithmX2 != "":
		return fmt.Sprintf("%s (avx512x2: %s)", l.Algorithm, l.AlgorithmX2)
	case l.Algorithm != "":
		return l.Algorithm
	case l.Kernel != "":
		return strings.ToLower(l.Kernel)
	}
	return "-"
}

func orDash(n int64) string {
	if n == 0 {
		return "-"
	}
	return Thousands(n)
}

func fieldText(l ReportLayer) string {
	if l.ReceptiveField == 0 {
		return "all"
	}
	return fmt.Sprintf("%d/%d", l.ReceptiveField, l.Stride)
}
