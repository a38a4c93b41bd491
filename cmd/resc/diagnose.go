package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/stdlib"
)

// Limits on what is tried to say why a checkpoint does not fit.
const (
	maxChanges = 3  // of parameters, and names of entries that are allowed to differ
	maxParts   = 24 // of the file
	maxWords   = 6  // of a part's name
)

// diagnose says why a checkpoint may not fit: the smallest change with which it would,
// found by trying. Of equal changes those of parameters come before parts of the file,
// these before entries that are allowed to differ, and the standard library is last.
func (m *modelArgs) diagnose(p *compiler.Program, f *checkpoint.File, misfit *checkpoint.MisfitError) []string {
	if len(misfit.Ambiguous) > 0 {
		return nil
	}
	if cause := unreadable(misfit); cause != "" {
		return []string{cause}
	}
	matcher, err := checkpoint.NewMatcher(f, checkpoint.Options{Idle: p.Idle()})
	if err != nil {
		return nil
	}
	d := &diagnosis{matcher: matcher}
	d.measure(f)
	src, err := m.load(context.Background()) // which compiling p has read
	if err != nil {
		return nil
	}
	own := d.nearest(src, m.Model, m.Set, len(p.Parameters()))
	if own == nil {
		return nil
	}
	if own.faults == 0 {
		return []string{fmt.Sprintf("the file is of other parameters, and fits with%s", settings(own.set))}
	}
	if parts := m.parts(p, f); len(parts) > 0 {
		if len(parts) == 1 {
			return []string{fmt.Sprintf("the weights are a part of the file, which --from %s reads", parts[0])}
		}
		return []string{"several parts of the file fit: --from " + strings.Join(parts, ", or --from ")}
	}
	least := maxChanges + 1
	if d.allow(own) {
		least = own.changes()
	}
	var fits []*fit // of the standard library, with the fewest changes
	all := []*fit{own}
	if least > 1 {
		for _, name := range stdlib.Models() {
			most := least - 2 // settings that leave fewer changes
			if len(fits) > 0 {
				most++ // or as many
			}
			src, err := compiler.Load(stdlib.Prefix + name)
			if err != nil {
				continue
			}
			x := d.nearest(src, stdlib.Prefix+name, nil, most)
			if x == nil {
				continue
			}
			all = append(all, x)
			if !d.allow(x) {
				continue
			}
			// That the network is another is a change, too.
			if n := x.changes() + 1; n < least {
				least, fits = n, []*fit{x}
			} else if n == least && len(fits) > 0 {
				fits = append(fits, x)
			}
		}
	}
	switch {
	case len(fits) > 0:
		return []string{"the file is of another network, and fits " + models(fits)}
	case least <= maxChanges:
		return []string{own.differs()}
	}
	if name := sameShapes(f, own.entries); name != "" && own.strange() {
		return []string{"the file has the model's shapes under names that no rule knows, as " + name}
	}
	return closest(all)
}

// unreadable is why the file's weights cannot be read at all, "" if they can.
func unreadable(misfit *checkpoint.MisfitError) string {
	for _, e := range misfit.Extras {
		if strings.HasPrefix(e.Value, "a whole module") {
			return fmt.Sprintf("the weights are in %s, %s; load it in its own Python code, and torch.save(model.state_dict(), …)", e.Name, e.Value)
		}
		if strings.Contains(e.Value, "torch.Q") { // torch.QInt8Storage and its kin
			return fmt.Sprintf("the file is of a quantised model (%s is %s), which is not read: save the model before it is converted", e.Name, e.Value)
		}
	}
	if len(misfit.Unusable) > 0 {
		u := misfit.Unusable[0]
		return fmt.Sprintf("the file is of a quantised model (%s is %s), which is not read: save the model in floating point", u.File, u.DType)
	}
	return ""
}

// changes counts what must be set and allowed for the file to fit.
func (x *fit) changes() int { return len(x.set) + len(x.allow.AllowMissing) + len(x.allow.AllowExtra) }

// strange reports whether the file has few of the model's entries.
func (x *fit) strange() bool { return 2*x.found < len(x.entries) }

// flags are the command line's for the file to fit.
func (x *fit) flags() string {
	text := settings(x.set)
	for _, name := range x.allow.AllowMissing {
		text += " --allow-missing " + name
	}
	for _, name := range x.allow.AllowExtra {
		text += " --allow-extra " + name
	}
	return text
}

// differs says in what a file differs from the model, and what allows it.
func (x *fit) differs() string {
	var what []string
	extra := slices.Clone(x.allow.AllowExtra)
	for _, name := range x.allow.AllowMissing {
		same := func(other string) bool { return other == name || strings.HasSuffix(other, "."+name) }
		if i := slices.IndexFunc(extra, same); i >= 0 {
			extra = slices.Delete(extra, i, i+1)
			what = append(what, "has "+name+" in another shape")
		} else {
			what = append(what, "lacks "+name)
		}
	}
	for _, name := range extra {
		what = append(what, "has "+name+", which the model does not read")
	}
	zeros := ""
	if len(x.allow.AllowMissing) > 0 {
		zeros = ", which puts zeros in its place"
	}
	return fmt.Sprintf("the file %s: it fits with%s%s", strings.Join(what, ", and "), x.flags(), zeros)
}

// sameShapes returns the first tensor of a file that has tensors of all of a model's
// shapes, "" for another file.
func sameShapes(f *checkpoint.File, entries []checkpoint.Entry) string {
	first := ""
	count := make(map[string]int)
	for _, name := range f.Names() {
		t, _ := f.Tensor(name)
		if first == "" && slices.Equal(t.Shape, entries[0].Shape) {
			first = name
		}
		count[compiler.Dims(t.Shape)]++
	}
	for _, e := range entries {
		if count[compiler.Dims(e.Shape)]--; count[compiler.Dims(e.Shape)] < 0 {
			return ""
		}
	}
	return first
}

// closest names what a file that fits nothing comes closest to, the first of equals.
func closest(all []*fit) []string {
	best := slices.MinFunc(all, func(a, b *fit) int { return a.faults - b.faults })
	if best.strange() {
		return []string{"the file is of a network that is not in the standard library, or its names are"}
	}
	return []string{fmt.Sprintf("nothing fits; the closest is %s%s: the file has %d of its %d entries, and %d faults remain",
		best.model, settings(best.set), best.found, len(best.entries), best.faults)}
}

// models lists what a file fits.
func models(fits []*fit) string {
	var names []string
	for _, x := range fits {
		names = append(names, x.model+x.flags())
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

// parts finds the parts of the file that the model fits, by trying what the names of
// many tensors begin with.
func (m *modelArgs) parts(p *compiler.Program, f *checkpoint.File) []string {
	want := entries(p)
	count := make(map[string]int) // of tensors, by the first words of their names
	for _, name := range f.Names() {
		words := 0
		for i, c := range name {
			if c == '.' && words < maxWords {
				words++
				count[name[:i]]++
			}
		}
	}
	tries := 0
	var fits []string
	for _, part := range slices.Sorted(maps.Keys(count)) {
		if 2*count[part] < len(want) || tries == maxParts {
			continue
		}
		tries++
		if _, err := checkpoint.Match(f, want, checkpoint.Options{From: part, Idle: p.Idle()}); err == nil {
			fits = append(fits, part)
		}
	}
	return fits
}
