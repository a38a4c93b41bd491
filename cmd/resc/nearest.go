package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/stdlib"
)

// Limits on what is tried to find what a checkpoint is of.
const (
	maxTries  = 2000 // of models with parameters
	maxSizes  = 16   // sizes of tensors
	maxNumber = 256  // whole numbers from 1
)

// diagnosis looks for the network that a checkpoint is of.
type diagnosis struct {
	matcher *checkpoint.Matcher
	classes []int // sizes of matrices in the file, of which one may be the number of classes
	widths  []int // output channels of convolutions in the file
	layers  int   // matrices and convolutions in the file
	tries   int
}

// fit is a model with parameters, and how far the file is from it.
type fit struct {
	model   string
	set     map[string]string // what was set beyond what the user set
	faults  int               // 0 where the file fits
	found   int               // entries that the file has
	entries []checkpoint.Entry
	allow   checkpoint.Options // with which a file with faults fits
}

// measure notes the sizes in the file that parameters may be.
func (d *diagnosis) measure(f *checkpoint.File) {
	add := func(list *[]int, sizes ...int) {
		for _, n := range sizes {
			if !slices.Contains(*list, n) && len(*list) < maxSizes {
				*list = append(*list, n)
			}
		}
	}
	for _, name := range f.Names() {
		switch t, _ := f.Tensor(name); len(t.Shape) {
		case 2:
			d.layers++
			add(&d.classes, t.Shape...)
		case 4:
			d.layers++
			add(&d.widths, t.Shape[0])
		}
	}
}

// nearest is the model with those of its parameters changed, one after the other and
// at most so many, that bring it closer to the file. It is nil where the model does not
// compile.
func (d *diagnosis) nearest(src *dsl.Source, model string, set map[string]string, most int) *fit {
	try := func(changed map[string]string) (*fit, *compiler.Program) {
		all := maps.Clone(set)
		if all == nil {
			all = make(map[string]string)
		}
		maps.Copy(all, changed)
		return d.try(src, model, all, changed)
	}
	best, p := try(nil)
	if best == nil {
		return nil
	}
	params := p.Parameters()
	for range min(len(params), most) { // each may be changed once
		if best.faults == 0 {
			break
		}
		before := best
		for _, x := range params {
			for _, value := range d.values(src, x) {
				changed := maps.Clone(before.set)
				if changed == nil {
					changed = make(map[string]string)
				}
				changed[x.Name] = value
				if y, _ := try(changed); y != nil && y.faults < best.faults {
					best = y
				}
			}
		}
		if best == before {
			break
		}
	}
	return best
}

// try counts the faults of one model.
func (d *diagnosis) try(src *dsl.Source, model string, set, changed map[string]string) (*fit, *compiler.Program) {
	if d.tries++; d.tries > maxTries {
		return nil, nil
	}
	p, _ := compiler.Compile(src, compiler.Options{Set: set})
	if p == nil {
		return nil, nil
	}
	x := &fit{model: model, set: changed, entries: entries(p)}
	x.found = len(x.entries)
	_, err := d.matcher.Match(x.entries)
	if misfit, ok := err.(*checkpoint.MisfitError); ok {
		x.faults, x.found = misfit.Count(), misfit.Found()
	}
	return x, p
}

// values are what a parameter may be set to: sizes that the file has and small
// numbers, or the names of things that are of the same kind as its value.
func (d *diagnosis) values(src *dsl.Source, x compiler.ReportParam) []string {
	var list []string
	if _, err := strconv.Atoi(x.Value); err == nil {
		numbers := slices.Clone(d.classes)
		if x.Name != "classes" { // which is by custom what its name says
			numbers = append(numbers, d.widths...)
			for n := 1; n <= min(d.layers+2, maxNumber); n++ { // a depth, a ratio
				numbers = append(numbers, n)
			}
		}
		slices.Sort(numbers)
		for _, n := range slices.Compact(numbers) {
			list = append(list, strconv.Itoa(n))
		}
		return list
	}
	kinds := declared(src)
	for name, kind := range kinds {
		if kind == kinds[x.Value] && kind != "" && name != x.Value {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// declared are the kinds of the blocks and policies that a file and the standard
// library declare, by name.
func declared(src *dsl.Source) map[string]string {
	kinds := make(map[string]string)
	var add func(file *dsl.File)
	add = func(file *dsl.File) {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *dsl.Block:
				kinds[decl.Name.Text] = "block"
			case *dsl.Policy:
				kinds[decl.Name.Text] = "policy"
			case *dsl.Import:
				// Of the library's files alone, which import no others.
				name := strings.TrimSuffix(strings.TrimPrefix(decl.Path.Value, stdlib.Prefix), ".res")
				if imported, ok := stdlib.Source(name); ok && imported.Name != src.Name {
					file, _ := dsl.Parse(imported)
					add(file)
				}
			}
		}
	}
	for _, file := range stdlib.Shared() {
		add(file)
	}
	file, _ := dsl.Parse(src)
	add(file)
	return kinds
}

// allow finds what must be allowed for the file to fit, if that is little.
func (d *diagnosis) allow(x *fit) bool {
	if x.faults > 0 {
		o, ok := d.matcher.Allow(x.entries)
		if !ok {
			return false
		}
		x.allow = o
	}
	return x.changes() <= maxChanges
}
