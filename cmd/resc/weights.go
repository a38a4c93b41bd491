package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/escape"
)

type weightsCmd struct {
	modelArgs
	fitFlags
	File   string `arg:"" help:"Checkpoint, PyTorch's, safetensors, .npz or ONNX."`
	Format string `enum:"text,json" default:"text" help:"text or json."`
}

// weightsResult is how a checkpoint maps onto a model.
type weightsResult struct {
	File     string          `json:"file"`
	Format   string          `json:"format"`
	Model    string          `json:"model"`
	Fits     bool            `json:"fits"`
	Weights  []weightsRow    `json:"weights,omitempty"`
	Unread   []weightsUnread `json:"unread,omitempty"`
	Extras   []weightsExtra  `json:"extras,omitempty"`
	Notes    []string        `json:"notes,omitempty"`
	Misfit   *weightsMisfit  `json:"misfit,omitempty"`
	Unusable string          `json:"unusable,omitempty"`
	Causes   []string        `json:"likely_causes,omitempty"`
}

// weightsRow is one weight of the model. Name and File are empty for none.
type weightsRow struct {
	Name  string `json:"name"`
	File  string `json:"file"`
	Shape []int  `json:"shape"`
	DType string `json:"dtype"`
	Rule  string `json:"rule"`
}

// weightsUnread is a tensor that the model does not read.
type weightsUnread struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// weightsExtra is an entry of the file that is no tensor.
type weightsExtra struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// weightsMisfit is what does not fit.
type weightsMisfit struct {
	Rule      string            `json:"rule"`
	Missing   []weightsMissing  `json:"missing,omitempty"`
	Extra     []string          `json:"extra,omitempty"`
	Misshaped []weightsMisshape `json:"misshaped,omitempty"`
	Unusable  []string          `json:"unusable,omitempty"`
	Twice     []string          `json:"claimed_twice,omitempty"`
	Ambiguous []string          `json:"ambiguous,omitempty"`
}

// weightsMissing is a weight that the file lacks.
type weightsMissing struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

// weightsMisshape is a weight of another shape.
type weightsMisshape struct {
	Name string `json:"name"`
	File string `json:"file"`
	Got  []int  `json:"got"`
	Want []int  `json:"want"`
}

// Run shows the mapping, and fails where the file does not fit.
func (c *weightsCmd) Run(a *app) error {
	p, err := c.compile(a)
	if err != nil {
		return err
	}
	f, err := openCheckpoint(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &weightsResult{File: c.File, Format: f.Format, Model: p.Name()}
	for _, e := range f.Extras {
		r.Extras = append(r.Extras, weightsExtra(e))
	}
	mapping, err := checkpoint.Match(f, entries(p), c.options(p))
	var misfit *checkpoint.MisfitError
	switch {
	case errors.As(err, &misfit):
		r.misfit(misfit)
		r.Causes = c.diagnose(p, f, misfit)
	case err != nil:
		return fmt.Errorf("%s: %w", c.File, err)
	default:
		r.fit(mapping)
		if err := values(p, mapping); err != nil {
			r.Unusable = err.Error()
		}
	}
	r.Fits = misfit == nil && r.Unusable == ""
	if c.Format == "json" {
		e := json.NewEncoder(a.stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else {
		err = r.text(a, misfit)
	}
	if err == nil && !r.Fits {
		return errReported
	}
	return err
}

// values loads the weights, which looks at each of their values. It does not close
// the file.
func values(p *compiler.Program, m *checkpoint.Mapping) error {
	f, err := m.Open()
	if err != nil {
		return err
	}
	_, err = p.Load(f)
	return err
}

func (r *weightsResult) fit(m *checkpoint.Mapping) {
	for _, p := range m.Pairs {
		r.Weights = append(r.Weights, weightsRow{p.Name, p.File, p.Shape, strings.ToLower(string(p.DType)), p.Rule})
	}
	for _, u := range m.Unread {
		r.Unread = append(r.Unread, weightsUnread(u))
	}
	r.Notes = m.Notes
}

func (r *weightsResult) misfit(e *checkpoint.MisfitError) {
	x := &weightsMisfit{Rule: e.Rule, Extra: e.Extra, Twice: e.Twice, Ambiguous: e.Ambiguous}
	for _, m := range e.Missing {
		x.Missing = append(x.Missing, weightsMissing(m))
	}
	for _, m := range e.Misshaped {
		x.Misshaped = append(x.Misshaped, weightsMisshape{m.Name, m.File, m.Got, m.Shape})
	}
	for _, u := range e.Unusable {
		x.Unusable = append(x.Unusable, u.File)
	}
	r.Misfit = x
}

// text prints the mapping as a table, or what is wrong.
func (r *weightsResult) text(a *app, misfit *checkpoint.MisfitError) error {
	if misfit != nil {
		fmt.Fprintf(a.stdout, "%s (%s): %v\n", escape.Line(r.File), r.Format, misfit)
		for _, c := range r.Causes {
			escape.Fprintf(a.stdout, "likely cause: %s\n", c)
		}
		return nil
	}
	if r.Unusable != "" {
		fmt.Fprintf(a.stdout, "%s (%s) has all entries of %s, but %s\n", escape.Line(r.File), r.Format, r.Model, strings.TrimPrefix(r.Unusable, "the weights do not fit the model\n"))
		return nil
	}
	escape.Fprintf(a.stdout, "%s (%s) fits %s\n\n", r.File, r.Format, r.Model)
	t := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "weight\tin the file\tshape\ttype\trule")
	for _, w := range r.Weights {
		escape.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", w.Name, w.File, compiler.Dims(w.Shape), w.DType, w.Rule)
	}
	t.Flush()
	if len(r.Unread) > 0 {
		fmt.Fprint(t, "\nnot read\tbecause\n")
		for _, u := range r.Unread {
			escape.Fprintf(t, "%s\t%s\n", u.Name, u.Reason)
		}
		t.Flush()
	}
	if len(r.Extras) > 0 {
		fmt.Fprint(t, "\nno tensor\t\n")
		for _, e := range r.Extras {
			escape.Fprintf(t, "%s\t%s\n", e.Name, e.Value)
		}
		t.Flush()
	}
	for _, n := range r.Notes {
		escape.Fprintf(a.stdout, "\nnote: %s\n", n)
	}
	return nil
}
