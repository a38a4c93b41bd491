package checkpoint

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/runtime/safetensors"
)

// Entry is a tensor that a model reads, by its name in the model's state
// dictionary.
type Entry struct {
	Name  string
	Shape []int
}

// Options say how a file may differ from what a model reads. A name stands for
// itself and for what begins with it and a dot.
type Options struct {
	From         string   // the part of the file to read, whatever else there is; "" to find it
	Idle         []string // names below which the model reads nothing, whatever the file has
	AllowMissing []string // entries of the model that may be absent, and are zeros then
	AllowExtra   []string // entries of the file that are passed over
}

// Pair is an entry of the model with the tensor of the file that it is read from.
type Pair struct {
	Entry
	File  string // the tensor's name in the file; "" for zeros
	Got   []int  // the tensor's shape
	DType safetensors.DType
	Less  string // a bias that batch norm's mean takes in: what is subtracted
	Rule  string

	columns bool // the tensor is laid out as family.columns says
}

// Unread is a tensor of the file that the model does not read, with the reason
// why that is well.
type Unread struct{ Name, Reason string }

// Mapping says for each entry of a model where in a file it is.
type Mapping struct {
	Pairs  []Pair // in the model's order
	Unread []Unread
	Notes  []string // what names cannot tell
	file   *File
}

// maxNames bounds the time that looking takes.
const maxNames = 1 << 14

// Match finds a model's entries in a file: by their names as they are, behind the
// prefixes that training leaves, and under the names of other families of
// networks. Every entry must be found, with its shape, and every tensor of the
// file be read or known to be idle; where more than one part of the file fits,
// that is an error, too. What does not fit is a *MisfitError about the attempt
// that came closest.
func Match(f *File, entries []Entry, o Options) (*Mapping, error) {
	m, err := NewMatcher(f, o)
	if err != nil {
		return nil, err
	}
	return m.Match(entries)
}

// Matcher matches one file with any number of models. It serves one goroutine.
type Matcher struct {
	file    *File
	options Options
	list    []string // the file's names
	parts   []scope
	views   []*names          // ways that the names may be meant, as far as they were asked for
	tried   int               // parts and families that these come from
	useless map[string]string // idle of names, which many views ask for
}

// NewMatcher finds the parts of the file that may be meant.
func NewMatcher(f *File, o Options) (*Matcher, error) {
	list := f.Names()
	if len(list) > maxNames {
		return nil, fmt.Errorf("the file has %d tensors; a model is looked for in at most %d", len(list), maxNames)
	}
	parts := scopes(list)
	if o.From != "" {
		from := strings.TrimSuffix(o.From, ".") + "."
		if !anyUnder(list, from) {
			return nil, fmt.Errorf("nothing in the file begins with %q", from)
		}
		parts = []scope{{prefix: from}}
	}
	return &Matcher{file: f, options: o, list: list, parts: parts, useless: make(map[string]string)}, nil
}

// view is the i-th way that the names may be meant, nil if there are no more. The first
// is as they are, which mostly fits: to read them as all families have them takes
// milliseconds.
func (m *Matcher) view(i int) *names {
	for len(m.views) <= i {
		part := m.tried / (len(families) + 1)
		if part == len(m.parts) {
			return nil
		}
		f := &family{}
		if n := m.tried % (len(families) + 1); n > 0 {
			f = &families[n-1]
		}
		m.tried++
		if v := m.read(m.list, m.parts[part], f); v != nil {
			m.views = append(m.views, v)
		}
	}
	return m.views[i]
}

// Match finds the entries of a model, as the function does.
func (m *Matcher) Match(entries []Entry) (*Mapping, error) {
	if m.file == nil {
		return nil, errors.New("checkpoint: nothing to match with; NewMatcher makes a Matcher of a file")
	}
	a := m.closest(entries)
	if a.misfit.Count() > 0 {
		a.misfit.Extras = m.file.Extras
		return nil, &a.misfit
	}
	return &a.Mapping, nil
}

// closest is the attempt that fits, or comes closest to that.
func (m *Matcher) closest(entries []Entry) *attempt {
	var fits []*attempt
	best := (*attempt)(nil)
	for i := 0; ; i++ {
		v := m.view(i)
		if v == nil {
			break
		}
		a := m.try(v, entries)
		if i == 0 && a.misfit.Count() == 0 {
			return a // as it is, and nothing is left over
		}
		if a.misfit.inside() == 0 {
			fits = append(fits, a)
		}
		if best == nil || a.better(best) {
			best = a
		}
	}
	if a := m.choose(fits); a != nil {
		return a
	}
	return best
}

// choose takes the one attempt among those that found all entries, and says of
// the others' tensors what they are. It is nil where there is none.
func (m *Matcher) choose(fits []*attempt) *attempt {
	var chosen *attempt
	for _, a := range fits {
		switch {
		case chosen == nil || chosen.scope.copy && !a.scope.copy:
			chosen = a
		case a.scope.copy && !chosen.scope.copy || a.same(chosen):
		default:
			chosen.misfit.Ambiguous = append(chosen.misfit.Ambiguous, a.scope.prefix)
		}
	}
	if chosen == nil {
		return nil
	}
	if len(chosen.misfit.Ambiguous) > 0 {
		chosen.misfit.Ambiguous = append([]string{chosen.scope.prefix}, chosen.misfit.Ambiguous...)
	}
	for _, a := range fits {
		if !a.scope.copy || a.scope.prefix == chosen.scope.prefix {
			continue
		}
		chosen.misfit.Extra = slices.DeleteFunc(chosen.misfit.Extra, func(name string) bool {
			if !strings.HasPrefix(name, a.scope.prefix) {
				return false
			}
			chosen.Unread = append(chosen.Unread, Unread{name, fmt.Sprintf("a moving average of the weights: --from %s reads it", strings.TrimSuffix(a.scope.prefix, "."))})
			return true
		})
	}
	return chosen
}

// names are the names of a part of the file as a family of networks has them.
type names struct {
	scope  scope
	family *family
	order  []string           // as the family renames them, in the file's order
	of     map[string]renamed // by these
	passed []Unread
	left   []string // outside of the part
	beside []string // outside of the dictionary that holds the part, and passed over
	twice  []string // names that came before
	again  []string // and the tensors that have them again
}

// renamed is a tensor under the name that a family gives it.
type renamed struct {
	file    string // name in the file
	changed bool   // it is another
}

// read is the file's names for a scope and a family; nil where the family has
// nothing to rename.
func (m *Matcher) read(list []string, s scope, f *family) *names {
	v := &names{scope: s, family: f, of: make(map[string]renamed)}
	any := f.name == ""
	for _, name := range list {
		rest, inside := strings.CutPrefix(name, s.prefix)
		if !inside {
			rest = s.beside(name)
		}
		to, changed := rest, false
		if inside {
			to, changed = f.rename(rest)
			any = any || changed
		}
		why := m.passed(name, rest, to, inside)
		if why == "" && !inside {
			why = cmp.Or(m.idle(name), m.idle(rest))
		}
		switch {
		case why != "":
			v.passed = append(v.passed, Unread{name, why})
		case !inside:
			v.left = append(v.left, name)
		case v.of[to].file != "":
			v.twice = append(v.twice, to)
			v.again = append(v.again, name)
		default:
			v.of[to] = renamed{name, changed}
			v.order = append(v.order, to)
		}
	}
	if !any {
		return nil
	}
	v.passBeside(m.file.dicts)
	return v
}

// passBeside passes over what is outside of the dictionary that holds the part, as
// training scripts keep an accuracy beside a state_dict. It leaves what may be another
// copy of the weights: tensors whose layers are named like some of the part.
func (v *names) passBeside(dicts map[string]bool) {
	dict := v.scope.dict(dicts)
	if dict == "" {
		return
	}
	layers := make(map[string]bool)
	for _, r := range v.of {
		layers[layer(r.file)] = true
	}
	v.left = slices.DeleteFunc(v.left, func(name string) bool {
		if strings.HasPrefix(name, dict) || layers[layer(name)] {
			return false
		}
		v.passed = append(v.passed, Unread{name, "outside of " + strings.TrimSuffix(dict, ".")})
		v.beside = append(v.beside, name)
		return true
	})
}

// layer is the end of a tensor's name that says which of a layer's it is:
// bn1.weight of layer1.0.bn1.weight.
func layer(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[strings.LastIndexByte(name[:i], '.')+1:]
	}
	return name
}

// idle is idle, remembered.
func (m *Matcher) idle(name string) string {
	why, ok := m.useless[name]
	if !ok {
		why = idle(name)
		m.useless[name] = why
	}
	return why
}

// passed says why the options pass a tensor over, "" where they do not: by its name
// in the file, that behind the prefix, and that by the family.
func (m *Matcher) passed(name, rest, to string, inside bool) string {
	for _, n := range []string{name, rest, to} {
		if under(n, m.options.AllowExtra) {
			return "--allow-extra"
		}
	}
	if inside && under(to, m.options.Idle) {
		return "no output needs it"
	}
	if !inside && m.options.From != "" {
		return "outside of --from " + m.options.From
	}
	return ""
}

// attempt is one way to find a model's entries, and how far it goes.
type attempt struct {
	Mapping
	*names
	used   map[string]bool // tensors of the file
	found  int             // entries that are there, whatever their shape
	misfit MisfitError
}

// try looks for the entries under the names of one view of the file.
func (m *Matcher) try(v *names, entries []Entry) *attempt {
	a := &attempt{names: v, Mapping: Mapping{file: m.file}, used: make(map[string]bool)}
	a.Unread = slices.Clone(v.passed)
	for _, e := range entries {
		a.pair(m, e)
	}
	if v.family.biases {
		a.subtract(m)
	}
	headless := !slices.ContainsFunc(entries, func(e Entry) bool { return len(e.Shape) == 2 })
	for _, to := range v.order {
		r := v.of[to]
		if a.used[r.file] {
			continue
		}
		useless := cmp.Or(m.idle(r.file), m.idle(strings.TrimPrefix(r.file, v.scope.prefix)))
		switch {
		case useless != "":
			a.Unread = append(a.Unread, Unread{r.file, useless})
		case headless && head.MatchString(to):
			a.Unread = append(a.Unread, Unread{r.file, "the classifier, which the model has not"})
		default:
			a.misfit.Extra = append(a.misfit.Extra, r.file)
		}
	}
	a.misfit.Twice = slices.Clone(v.twice)
	a.misfit.Extra = append(append(a.misfit.Extra, v.again...), v.left...)
	a.misfit.outside = len(v.left)
	a.misfit.found = a.found
	a.misfit.Rule = rule(v.scope, v.family, v.family.name != "")
	if v.family.note != "" {
		a.Notes = append(a.Notes, v.family.note)
	}
	if n := len(v.beside); n > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("not read, being outside of %s: %s", strings.TrimSuffix(v.scope.dict(m.file.dicts), "."), some(v.beside)))
	}
	return a
}

// pair notes where an entry comes from, or what is wrong with it.
func (a *attempt) pair(m *Matcher, e Entry) {
	r, ok := a.of[e.Name]
	if !ok {
		if under(e.Name, m.options.AllowMissing) {
			a.Pairs = append(a.Pairs, Pair{Entry: e, DType: safetensors.F32, Rule: "--allow-missing: zeros"})
		} else {
			a.misfit.Missing = append(a.misfit.Missing, e)
		}
		return
	}
	a.used[r.file] = true
	a.found++
	t, _ := m.file.Tensor(r.file)
	p := Pair{Entry: e, File: r.file, Got: t.Shape, DType: t.DType, Rule: rule(a.scope, a.family, r.changed), columns: a.family.columns}
	shape := t.Shape
	if a.family.columns {
		shape = transposed(shape)
	}
	if len(e.Shape) == 2 && len(shape) == 4 && shape[2] == 1 && shape[3] == 1 {
		shape = shape[:2] // a classifier that is a 1x1 convolution
		p.Rule += "; 1x1 convolution as a linear layer"
	}
	switch {
	case !slices.Equal(shape, e.Shape):
		a.misfit.Misshaped = append(a.misfit.Misshaped, Misshape{e, r.file, t.Shape})
	case !t.DType.Convertible():
		a.misfit.Unusable = append(a.misfit.Unusable, Unusable{e.Name, r.file, t.DType})
	default:
		a.Pairs = append(a.Pairs, p)
	}
}

// subtract finds biases of convolutions before a batch norm, which the model has
// not: (x + b) − mean is x − (mean − b).
func (a *attempt) subtract(m *Matcher) {
	for i, p := range a.Pairs {
		conv, ok := biased(p.Name)
		if !ok {
			continue
		}
		r, ok := a.of[conv+".bias"]
		if !ok || a.used[r.file] {
			continue
		}
		if t, _ := m.file.Tensor(r.file); slices.Equal(t.Shape, p.Shape) && t.DType.Convertible() {
			a.used[r.file] = true
			a.Pairs[i].Less = r.file
			a.Pairs[i].Rule += "; less the convolution's bias"
		}
	}
}

// biased is the convolution before a batch norm, by the name of its mean.
func biased(name string) (conv string, ok bool) {
	norm, ok := strings.CutSuffix(name, ".running_mean")
	if !ok {
		return "", false
	}
	if block, ok := strings.CutSuffix(norm, "downsample.1"); ok {
		return block + "downsample.0", true
	}
	last := strings.LastIndexByte(norm, '.') + 1
	number, ok := strings.CutPrefix(norm[last:], "bn")
	return norm[:last] + "conv" + number, ok
}

// better reports whether the attempt came closer than b.
func (a *attempt) better(b *attempt) bool {
	return cmp.Or(cmp.Compare(len(a.Pairs), len(b.Pairs)), cmp.Compare(a.found, b.found), cmp.Compare(b.misfit.Count(), a.misfit.Count())) > 0
}

// some names the first few of a list.
func some(names []string) string {
	const shown = 3
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return strings.Join(names, ", ")
}

// same reports whether two attempts read the same tensors.
func (a *attempt) same(b *attempt) bool {
	return slices.EqualFunc(a.Pairs, b.Pairs, func(p, q Pair) bool { return p.File == q.File })
}

// under reports whether name is one of the prefixes or below it.
func under(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(name, strings.TrimSuffix(p, ".")); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}
