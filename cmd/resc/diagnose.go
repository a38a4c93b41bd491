package main

import (
	"fmt"
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
	maxParts  = 24   // of the file
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
	entries int
}

// diagnose says why a checkpoint may not fit: what it would fit instead, found by
// trying. The model with other parameters comes before the standard library's.
func (m *modelArgs) diagnose(p *compiler.Program, f *checkpoint.File, misfit *checkpoint.MisfitError) []string {
	if len(misfit.Ambiguous) > 0 {
		return nil
	}
	for _, e := range misfit.Extras {
		if strings.HasPrefix(e.Value, "a whole module") {
			return []string{fmt.Sprintf("the weights are in %s, %s; load it in its own Python code, and torch.save(model.state_dict(), …)", e.Name, e.Value)}
		}
	}
	matcher, err := checkpoint.NewMatcher(f, checkpoint.Options{Idle: p.Idle()})
	if err != nil {
		return nil
	}
	d := &diagnosis{matcher: matcher}
	d.measure(f)
	own := d.nearest(m.Model, m.Set)
	if own != nil && own.faults == 0 {
		return []string{fmt.Sprintf("the file is of other parameters, and fits with%s", settings(own.set))}
	}
	var fits, all []*fit
	for _, name := range stdlib.Models() {
		if x := d.nearest(stdlib.Prefix+name, nil); x != nil {
			all = append(all, x)
			if x.faults == 0 {
				fits = append(fits, x)
			}
		}
	}
	if len(fits) > 0 {
		// Those that need the fewest settings: every plain network with a policy is a
		// residual one.
		least := len(slices.MinFunc(fits, func(a, b *fit) int { return len(a.set) - len(b.set) }).set)
		fits = slices.DeleteFunc(fits, func(x *fit) bool { return len(x.set) > least })
		return []string{"the file is of another network, and fits " + models(fits)}
	}
	if part := m.part(p, f); part != "" {
		return []string{fmt.Sprintf("the weights are a part of the file, which --from %s reads", part)}
	}
	if own != nil {
		all = append(all, own)
	}
	return closest(all)
}

// closest names what a file that fits nothing comes closest to.
func closest(all []*fit) []string {
	var best *fit
	for _, x := range all {
		if best == nil || x.faults < best.faults {
			best = x
		}
	}
	if best == nil || 2*best.found < best.entries {
		return []string{"the file is of a network that is not in the standard library, or its names are"}
	}
	return []string{fmt.Sprintf("no network of the standard library fits; the closest is %s%s: the file has %d of its %d entries, and %d faults remain",
		best.model, settings(best.set), best.found, best.entries, best.faults)}
}

// models lists what a file fits.
func models(fits []*fit) string {
	var names []string
	for _, x := range fits {
		names = append(names, x.model+settings(x.set))
	}
	text := strings.Join(names, " and ")
	if len(fits) > 1 {
		text += ", whose entries are the same: names and shapes do not tell them apart"
	}
	return text
}

// settings are parameters as flags.
func settings(set map[string]string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(set)) {
		text += " --set " + name + "=" + set[name]
	}
	return text
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

// nearest is the model with those of its parameters changed, one after the other,
// that bring it closer to the file. It is nil where the model does not compile.
func (d *diagnosis) nearest(model string, set map[string]string) *fit {
	src, err := compiler.Load(model)
	if err != nil {
		return nil
	}
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
	for range params { // each may be changed once
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
	x := &fit{model: model, set: changed, entries: len(entries(p))}
	x.found = x.entries
	_, err := d.matcher.Match(entries(p))
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

// part finds a part of the file that the model fits, by trying what names begin
// with.
func (m *modelArgs) part(p *compiler.Program, f *checkpoint.File) string {
	var tried []string
	for _, name := range f.Names() {
		for i, c := range name {
			if c != '.' || slices.Contains(tried, name[:i]) {
				continue
			}
			if len(tried) == maxParts {
				return ""
			}
			tried = append(tried, name[:i])
			if _, err := checkpoint.Match(f, entries(p), checkpoint.Options{From: name[:i], Idle: p.Idle()}); err == nil {
				return name[:i]
			}
		}
	}
	return ""
}
