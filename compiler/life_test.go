package compiler

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/pass"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/golden"
	"github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/stdlib"
)

// TestLife shows a network's whole life: its steps with their shapes, its graph
// as written, as ONNX, and after each pass that changes it, its schedule, and the
// Go that is printed of it. The graph is verified after every pass.
func TestLife(t *testing.T) {
	golden.Run(t, "testdata/life/*.txtar", func(t *golden.Test) {
		src := dsl.NewSource("in.res", t.Input("in.res"))
		p, ds := Compile(src, Options{})
		if ds.HasErrors() {
			t.Fatal(ds[0])
		}
		for _, n := range p.model.Graph.Nodes[1:] {
			fmt.Fprintf(t.Section("check"), "%-24s %s\n", n.Path, n.Shape)
		}
		g := p.model.Graph.Clone()
		before := graphText(g)
		fmt.Fprint(t.Section("ir"), before)
		var exported bytes.Buffer
		var read []fixture.Weight // what the program reads, which is not all where a layer is dead
		for _, n := range p.fused.Nodes {
			for _, w := range n.Weights() {
				read = append(read, fixture.Weight{Name: w.Name, Shape: w.Shape})
			}
		}
		if err := p.WriteONNX(&exported, fixture.Checkpoint(read), "v0.0.0"); err != nil {
			t.Fatal(err)
		}
		m, err := onnx.Parse(exported.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(t.Section("onnx"), onnxText(m))
		pass.Run(g, func(x pass.Pass, g *ir.Graph) {
			if err := ir.Verify(g); err != nil {
				t.Fatalf("after %s: %v", x.Name, err)
			}
			if after := graphText(g); after != before {
				fmt.Fprint(t.Section("ir."+x.Name), after)
				before = after
			}
		})
		if err := p.schedule.Print(t.Section("plan")); err != nil {
			t.Fatal(err)
		}
		files, err := p.Emit("life", "v0.0.0")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if t.HasSection("go/"+f.Name) || golden.Update() && slices.Contains(t.Values("show"), f.Name) {
				fmt.Fprint(t.Section("go/"+f.Name), string(f.Data))
			}
		}
	})
}

func graphText(g *ir.Graph) string {
	var b strings.Builder
	if err := g.Print(&b); err != nil {
		panic(err)
	}
	return b.String()
}

// TestPassesKeepTheGraphSound verifies every standard network after every pass.
func TestPassesKeepTheGraphSound(t *testing.T) {
	for _, name := range stdlib.Models() {
		g := compile(t, "std/"+name, nil).model.Graph.Clone()
		pass.Run(g, func(x pass.Pass, g *ir.Graph) {
			if err := ir.Verify(g); err != nil {
				t.Errorf("%s after %s: %v", name, x.Name, err)
			}
		})
	}
}
