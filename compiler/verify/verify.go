// Package verify compares the values inside a network with what another program
// computed, and finds the first layer that differs.
//
// Three programs of one model run: the fused network as it is, whose outputs are
// compared; the same with each value that it holds anyway as an output, which
// changes no kernel; and one with the values that fusion takes into others' kernels
// as outputs, which keeps them apart. So what is compared is the network that
// users run, and the layers inside its kernels are still told apart.
package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/runtime"
)

// Reference is what another program computed, by names of values.
type Reference interface {
	Names() []string
	// Read returns a value of all images: its shape, which begins with their
	// number, and its elements in row-major order.
	Read(name string) (shape []int, values []float64, err error)
}

// Model is a model that can be compiled for any outputs.
type Model struct {
	// Compile compiles the model with these outputs; nil are its own.
	Compile func(outputs []compiler.Output) (*compiler.Program, error)
	// Load gives a program its weights.
	Load func(*compiler.Program) (*compiler.Network, error)
}

// Options say what to compare.
type Options struct {
	Input         []float32 // images one behind the other, in NCHW order
	Images        int
	Height, Width int
	Tolerance     float64 // of the difference to the layer's largest absolute value
	Threads       int     // 0 is one for each processor
}

// End is the reference's name for the network's first output, beside that of the
// output itself.
const End = "output"

// Run compares the values that both sides have.
func Run(ctx context.Context, m Model, ref Reference, o Options) (*Report, error) {
	p, err := m.Compile(nil)
	if err != nil {
		return nil, err
	}
	r := &Report{Model: p.Name(), Images: o.Images, Tolerance: o.Tolerance}
	pairs, err := match(p, ref, o.Images, r)
	if err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		return nil, noneInCommon(p, ref.Names())
	}
	for _, kind := range []kind{end, held, apart} {
		if err := compareKind(ctx, m, p, ref, o, kind, pairs); err != nil {
			return nil, err
		}
	}
	r.Agrees = true
	for _, x := range pairs {
		r.Agrees = r.Agrees && x.layer.Agrees
		r.Layers = append(r.Layers, x.layer)
		if r.First == nil && !x.layer.Agrees {
			r.First = &x.layer
		}
	}
	return r, nil
}

// kind says which of the three programs computes a value.
type kind int

const (
	end   kind = iota // an output of the network as it is
	held              // a value that the fused network holds
	apart             // a value inside a kernel of the fused network
)

// pair is a value of ours and the reference's name for it.
type pair struct {
	value  compiler.Value
	theirs string
	kind   kind
	layer  Layer
}

// match pairs the reference's values with those of the same name, in the order in
// which ours are made. Names that begin with a common prefix, as those of a module
// inside another, are matched without it.
func match(p *compiler.Program, ref Reference, images int, r *Report) ([]*pair, error) {
	names := ref.Names()
	ours := map[string]compiler.Value{}
	values := p.Values()
	for _, v := range values {
		ours[v.Name] = v
	}
	var outputs []compiler.Value
	for i, o := range p.NamedOutputs() {
		v, ok := ours[o.Value]
		if !ok {
			continue
		}
		outputs = append(outputs, v)
		aliases := []string{o.Name, fmt.Sprintf("%s.%d", End, i), End + "." + o.Name}
		if i == 0 {
			aliases = append(aliases, End)
		}
		for _, alias := range aliases {
			if _, taken := ours[alias]; !taken {
				ours[alias] = v
			}
		}
	}
	r.Prefix = commonPrefix(names, ours)
	place := map[string]int{}
	for i, v := range values {
		place[v.Name] = i
	}
	var pairs []*pair
	for _, name := range names {
		v, ok := ours[strings.TrimPrefix(name, r.Prefix)]
		if !ok {
			r.Unmatched = append(r.Unmatched, name)
			continue
		}
		if product, ok := ours[v.Product]; ok {
			shape, _, err := ref.Read(name)
			if err != nil {
				return nil, err
			}
			if alike(shape, append([]int{images}, product.Shape...)) && !slices.Equal(v.Shape, product.Shape) {
				v = product
			}
		}
		x := &pair{value: v, theirs: name, kind: apart}
		if v.Fused {
			x.kind = held
		}
		if slices.ContainsFunc(outputs, v.Same) {
			x.kind = end
		}
		x.layer = Layer{Name: name, Op: v.Op, Source: v.Source, Inside: x.kind == apart}
		pairs = append(pairs, x)
	}
	slices.SortStableFunc(pairs, func(a, b *pair) int { return place[a.value.Name] - place[b.value.Name] })
	return pairs, nil
}

// commonPrefix is the beginning without which most names are ours: "model.".
func commonPrefix(names []string, ours map[string]compiler.Value) string {
	best, most := "", 0
	for _, prefix := range append([]string{""}, firstParts(names)...) {
		n := 0
		for _, name := range names {
			if _, ok := ours[strings.TrimPrefix(name, prefix)]; ok {
				n++
			}
		}
		if n > most {
			best, most = prefix, n
		}
	}
	return best
}

// firstParts is what names have before their first dot, with the dot.
func firstParts(names []string) []string {
	var parts []string
	for _, name := range names {
		if dot := strings.IndexByte(name, '.'); dot >= 0 && !slices.Contains(parts, name[:dot+1]) {
			parts = append(parts, name[:dot+1])
		}
	}
	return parts
}

// noneInCommon shows a few names of each side.
func noneInCommon(p *compiler.Program, theirs []string) error {
	var ours []string
	for _, v := range p.Values() {
		ours = append(ours, v.Name)
	}
	few := func(names []string) string {
		if len(names) == 0 {
			return "none"
		}
		return strings.Join(names[:min(len(names), 5)], ", ")
	}
	return fmt.Errorf("the reference and model %s have no names in common: the reference's are %s …, the model's %s …", p.Name(), few(theirs), few(ours))
}

// budget bounds the values of ours that are kept at once, in floats.
const budget = 1 << 26

// compareKind computes the values of one kind, and compares them.
func compareKind(ctx context.Context, m Model, p *compiler.Program, ref Reference, o Options, k kind, pairs []*pair) error {
	var outputs []compiler.Output
	var of []*pair
	position := map[*pair]int{}
	for _, x := range pairs {
		if x.kind != k {
			continue
		}
		i := slices.IndexFunc(outputs, func(y compiler.Output) bool { return y.Value == x.value.Name })
		if i < 0 {
			i = len(outputs)
			outputs = append(outputs, compiler.Output{Name: x.value.Name, Value: x.value.Name})
		}
		position[x] = i
		of = append(of, x)
	}
	if len(of) == 0 {
		return nil
	}
	if k == end {
		// The program as it is, with all of its outputs.
		outputs = p.NamedOutputs()
		for _, x := range of {
			position[x] = slices.IndexFunc(outputs, func(y compiler.Output) bool { return sameValue(p, y.Value, x.value) })
		}
	} else {
		var err error
		if p, err = m.Compile(outputs); err != nil {
			return err
		}
	}
	network, err := m.Load(p)
	if err != nil {
		return err
	}
	session := network.NewSession(runtime.Threads(o.Threads))
	defer session.Close()
	sizes := make([]int, len(outputs))
	total := 0
	for i := range outputs {
		sizes[i] = 1
		for _, d := range network.OutputShape(i, o.Height, o.Width) {
			sizes[i] *= d
		}
		total += sizes[i]
	}
	image := len(o.Input) / o.Images
	group := max(1, min(o.Images, budget/max(total, 1)))
	results := make([][][]float32, group)
	for i := range results {
		for _, n := range sizes {
			results[i] = append(results[i], make([]float32, n))
		}
	}
	for first := 0; first < o.Images; first += group {
		n := min(group, o.Images-first)
		for i := range n {
			at := (first + i) * image
			if err := session.Run(ctx, o.Input[at:at+image], o.Height, o.Width, results[i]); err != nil {
				return err
			}
		}
		for _, x := range of {
			shape, values, err := ref.Read(x.theirs)
			if err != nil {
				return err
			}
			if !x.layer.fits(shape, o.Images, network.OutputShape(position[x], o.Height, o.Width)) {
				continue
			}
			size := sizes[position[x]]
			for i := range n {
				x.layer.compare(results[i][position[x]], values[(first+i)*size:(first+i+1)*size], first+i)
			}
		}
	}
	for _, x := range of {
		x.layer.judge(o.Tolerance)
	}
	return nil
}

// sameValue says whether a name means a value.
func sameValue(p *compiler.Program, name string, v compiler.Value) bool {
	return slices.ContainsFunc(p.Values(), func(w compiler.Value) bool { return w.Name == name && w.Same(v) })
}
