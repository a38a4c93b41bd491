package check

import (
	"fmt"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/dsl"
)

// namedValue is a value and a name of it in the whole network: the path of its
// step, or one that was given, by a label, by "as", or to a whole group, block or
// stage.
type namedValue struct {
	path  string
	value *ir.Node
	given bool
}

// name gives a value a name in the whole network.
func (c *checker) name(path string, v *ir.Node) {
	if v != bad && path != "" {
		c.values = append(c.values, namedValue{path, v, true})
	}
}

// named is each named value under each of its names, in the order of the steps. A
// given name is that of the last value that got it, as a stage that goes on
// names its last block's. The path of several steps without a label, as a block's
// activations have, names the first; the others are PATH#2, PATH#3, as the second
// call of a module.
func (c *checker) named() []ir.Output {
	given := map[string]*ir.Node{}
	for _, x := range c.values {
		if x.given {
			given[x.path] = x.value
		}
	}
	var all []ir.Output
	calls := map[string]int{}
	listed := map[ir.Output]bool{}
	for _, x := range c.values {
		switch v := given[x.path]; {
		case v == nil:
			if calls[x.path]++; calls[x.path] > 1 {
				x.path = fmt.Sprintf("%s#%d", x.path, calls[x.path])
			}
		case v != x.value || !x.given:
			continue
		}
		if o := (ir.Output{Name: x.path, Node: x.value}); !listed[o] {
			listed[o] = true
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(a, b ir.Output) int { return a.Node.ID - b.Node.ID })
	return all
}

// choose makes the values that the caller asks for the model's outputs.
func (f *frame) choose(t *Model, m *dsl.Model, outputs []Output) {
	t.Chosen = true
	values := map[string]*ir.Node{}
	var names []string
	for _, x := range f.named() {
		values[x.Name] = x.Node
		names = append(names, x.Name)
	}
	for _, o := range outputs {
		v := values[o.Value]
		switch {
		case v == nil:
			d := f.ds.Errorf(UnknownValue, m.Name.Span, "model %s has no value called %s", m.Name.Text, o.Value)
			if near := dsl.Suggest(o.Value, names); near != "" {
				d.Hintf(nil, "did you mean --outputs %s=%s?", o.Name, near)
			} else {
				d.Hintf(nil, "resc report shows the names of the layers; a stage's or a block's path is its last value")
			}
		case slices.ContainsFunc(f.graph.Outputs, func(x ir.Output) bool { return x.Name == o.Name }):
			f.ds.Errorf(Duplicate, m.Name.Span, "there is an output %s already", o.Name)
		default:
			f.graph.Outputs = append(f.graph.Outputs, ir.Output{Name: o.Name, Node: v})
		}
	}
	if len(f.graph.Outputs) > 0 && f.graph.Outputs[0].Node.Shape.C != len(t.Classes) {
		t.Classes = nil // the first output is no longer the one that the labels name
	}
}
