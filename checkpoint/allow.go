package checkpoint

import (
	"maps"
	"slices"
	"strings"
)

// Allow finds what would have to be allowed for a file to fit a model: options with
// the fewest names in AllowMissing and AllowExtra, of whole layers where all of a layer
// is missing or left over. An entry of another shape needs both. Ok is false where no
// names make the file fit, or where what is missing is in another part of it.
func (m *Matcher) Allow(entries []Entry) (o Options, ok bool) {
	if m.file == nil {
		return o, false
	}
	a := m.closest(entries)
	lacks, read := make(map[string]bool), make(map[string]bool)
	for _, p := range a.Pairs {
		read[p.Name] = true
	}
	for _, e := range a.misfit.Missing {
		if slices.Contains(a.misfit.Extra, e.Name) {
			return o, false
		}
		lacks[e.Name] = true
	}
	for _, x := range a.misfit.Misshaped {
		lacks[x.Name] = true
	}
	o = m.options
	o.AllowMissing = append(cover(lacks, read), o.AllowMissing...)
	// With these another part of the file may fit, which is then no longer left over.
	without, err := NewMatcher(m.file, o)
	if err != nil {
		return o, false
	}
	a = without.closest(entries)
	over := make(map[string]bool)
	for _, name := range a.misfit.Extra {
		over[name] = true
	}
	for _, x := range a.misfit.Misshaped {
		delete(a.used, x.File)
		over[x.File] = true
	}
	o.AllowExtra = append(cover(over, a.used), o.AllowExtra...)
	_, err = Match(m.file, entries, o)
	return o, err == nil
}

// maxCover bounds how many words of a name are looked at.
const maxCover = 8

// cover returns the fewest names, in order, that stand for all of some names and for
// none of others.
func cover(some, others map[string]bool) []string {
	taken := make(map[string]bool) // what others begin with
	for name := range others {
		words(name, func(prefix string) bool {
			taken[prefix] = true
			return true
		})
	}
	covers := make(map[string]bool)
	for name := range some {
		best := name
		words(name, func(prefix string) bool {
			if taken[prefix] {
				return true
			}
			best = prefix
			return false
		})
		covers[best] = true
	}
	return slices.Sorted(maps.Keys(covers))
}

// words calls f with the first words of a name, as "layer1" and "layer1.0" of
// "layer1.0.conv1", as long as f returns true.
func words(name string, f func(prefix string) bool) {
	for i, n := 0, 0; n < maxCover; n++ {
		next := strings.IndexByte(name[i:], '.')
		if next < 0 || !f(name[:i+next]) {
			return
		}
		i += next + 1
	}
}
