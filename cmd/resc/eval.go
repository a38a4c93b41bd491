package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/accuracy"
	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/dataset"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/internal/ordered"
	"github.com/resc-lang/resc/internal/source"
	"github.com/resc-lang/resc/runtime"
)

type evalCmd struct {
	modelArgs
	fitFlags
	Data     string `arg:"" help:"A folder of class folders, a CSV file (path,label; - for standard input), or a tar archive of class folders."`
	Weights  string `placeholder:"FILE" help:"Checkpoint, PyTorch's, safetensors, .npz or ONNX; by default the one that comes with the model."`
	ClassMap string `placeholder:"M.csv" help:"What labels mean: lines of a label and a class's name or index."`
	Crops    int    `enum:"1,5,10" default:"1" help:"Average the probabilities of 1, 5 or 10 crops of each image."`
	Mistakes int    `default:"10" help:"Worst mistakes to show."`
	Threads  int    `placeholder:"N" help:"Threads; by default one for each processor."`
	Format   string `enum:"text,json,html" default:"text" help:"text, json, or html: one page with thumbnails."`
	Output   string `short:"o" placeholder:"F" help:"Write to a file."`
}

// Run evaluates, and writes what it has when it is interrupted.
func (c *evalCmd) Run(a *app) error {
	switch {
	case c.Threads < 0:
		return usagef("--threads must be at least 1")
	case c.Mistakes < 0:
		return usagef("--mistakes must be at least 0")
	}
	if c.Output != "" {
		if err := atomicfile.Check(c.Output); err != nil {
			return err
		}
	}
	c.follow(c.Weights)
	p, err := c.compile(a)
	if err != nil {
		return err
	}
	if err := p.CheckPreprocess(c.Crops); err != nil {
		return err
	}
	set, err := await(a.ctx, func() (*dataset.Set, error) { return dataset.Open(c.Data) })
	if err != nil {
		return err
	}
	defer set.Close()
	network, err := c.network(a, p, c.Weights, c.fitFlags)
	if err != nil {
		return err
	}
	defer network.Close()
	_, h, w := p.Input()
	shape := network.OutputShape(0, h, w)
	if product(shape) != shape[0] {
		return fmt.Errorf("the first output is a feature map, %s: there are no classes to count", compiler.Dims(shape))
	}
	targets, err := c.targets(a, p, set, shape[0])
	if err != nil {
		return err
	}
	r := &accuracy.Report{Model: p.Name(), Data: c.Data, Labels: targets.Rule, Crops: c.Crops, Of: len(set.Items)}
	for _, x := range p.Report().Published {
		r.Published = append(r.Published, fmt.Sprintf("%s %s, %s", x.Metric, x.Value, x.Source))
	}
	evaluated := c.evaluate(a, p, network, set, targets, r)
	if evaluated != nil && !errors.Is(evaluated, context.Canceled) {
		return evaluated
	}
	if c.Format == "html" {
		for i := range r.Mistakes {
			r.Mistakes[i].Thumbnail = thumbnail(set.Items[r.Mistakes[i].Item()])
		}
	}
	if err := c.write(a, r); err != nil {
		return err
	}
	if evaluated == nil && r.Broken+r.NotFinite > 0 {
		return errReported
	}
	return evaluated
}

// targets are the classes that the set's labels mean, of n.
func (c *evalCmd) targets(a *app, p *compiler.Program, set *dataset.Set, n int) (*dataset.Targets, error) {
	var classes map[string]string
	if c.ClassMap != "" {
		var err error
		if classes, err = await(a.ctx, c.readMap); err != nil {
			return nil, fmt.Errorf("%s: %w", c.ClassMap, bare(err))
		}
	}
	targets, err := set.Targets(p.Classes(), n, classes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	return targets, nil
}

// readMap reads the class map.
func (c *evalCmd) readMap() (map[string]string, error) {
	f, err := source.Stream(c.ClassMap)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return dataset.ReadMap(f)
}

// evaluate runs the network on the set and fills the report. Its error is the
// context's where the report is of a part.
func (c *evalCmd) evaluate(a *app, p *compiler.Program, network *compiler.Network, set *dataset.Set, targets *dataset.Targets, r *accuracy.Report) error {
	n := len(set.Items)
	pool := newPool(p, network, &images{p, set.Items, c.Crops}, 1, c.Threads)
	defer pool.Close()
	tally := accuracy.NewTally(p.Classes(), c.Mistakes)
	bar := a.newBar(n, false)
	defer bar.clear()
	start := time.Now()
	err := ordered.Run(a.ctx, n, pool.workers(), pool.run, func(i int, x result) error {
		bar.set(i)
		if x.err != nil {
			bar.clear()
			escape.Fprintf(a.stderr, "resc: %s: %v\n", x.name, x.err)
			r.Broken++
			return nil
		}
		if x.notFinite != nil {
			bar.clear()
			escape.Fprintf(a.stderr, "resc: %s: %v\n", x.name, x.notFinite)
			r.NotFinite++
			return nil
		}
		tally.Add(i, targets.Index[i], runtime.TopKMean(x.logits(), p.Classes(), len(x.crops[0][0])))
		return nil
	})
	r.Seconds = time.Since(start).Seconds()
	tally.Fill(r)
	r.PerSecond = float64(r.Images) / max(r.Seconds, 1e-9)
	r.Partial = err != nil
	for i := range r.Mistakes {
		m := &r.Mistakes[i]
		m.File = c.relative(set.Items[m.Item()].Name)
	}
	return err
}

// relative is a file's name within the data.
func (c *evalCmd) relative(name string) string {
	for _, dir := range []string{c.Data, filepath.Dir(c.Data)} {
		if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return name
}

// write writes the report.
func (c *evalCmd) write(a *app, r *accuracy.Report) error {
	write := r.Text
	switch c.Format {
	case "json":
		write = func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(r)
		}
	case "html":
		write = r.HTML
	}
	if c.Output != "" {
		return atomicfile.Write(c.Output, write)
	}
	return write(a.stdout)
}
