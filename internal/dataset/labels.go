package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Targets are the classes that a set's labels mean.
type Targets struct {
	Index []int  // of each item
	Rule  string // how they were found, for people
}

// Targets finds the class of each label among n classes, of which names has the
// names, or is empty. classes, if not nil, says what labels mean. Otherwise labels
// are names of classes, or else their indices; and where none of the labels is
// either and there are as many as classes, the labels in their order, as
// torchvision's ImageFolder numbers class folders.
func (s *Set) Targets(names []string, n int, classes map[string]string) (*Targets, error) {
	labels := s.labels()
	known := newNames(names, n)
	index := map[string]int{}
	var unknown []string
	rules := map[string]bool{}
	for _, label := range labels {
		means := label
		if classes != nil {
			mapped, ok := classes[label]
			if !ok {
				unknown = append(unknown, label)
				continue
			}
			means = mapped
		}
		i, rule := known.find(means)
		if i < 0 {
			unknown = append(unknown, label)
			continue
		}
		index[label] = i
		rules[rule] = true
	}
	t := &Targets{Rule: "by name"}
	switch {
	case classes != nil && len(unknown) > 0:
		return nil, fmt.Errorf("the class map does not say what %s means, or names no class of the model", list(unknown))
	case classes != nil:
		t.Rule = "by the class map"
	case len(unknown) == len(labels) && s.Kind != "list" && len(labels) == n:
		for i, label := range labels {
			index[label] = i
		}
		t.Rule = "by the order of the folders' names, of which none is a class's"
	case len(unknown) == len(labels):
		return nil, fmt.Errorf("the labels %s are no classes of the model, which has %d%s: say what they mean with --class-map", list(labels), n, example(names))
	case len(unknown) > 0:
		return nil, fmt.Errorf("%s: no class of the model%s: say what labels mean with --class-map", list(unknown), example(names))
	case rules["index"] && rules["name"]:
		t.Rule = "by name or index"
	case rules["index"]:
		t.Rule = "by index"
	}
	for _, it := range s.Items {
		t.Index = append(t.Index, index[it.Label])
	}
	return t, nil
}

// labels are the different labels, sorted.
func (s *Set) labels() []string {
	seen := map[string]bool{}
	var labels []string
	for _, it := range s.Items {
		if !seen[it.Label] {
			seen[it.Label] = true
			labels = append(labels, it.Label)
		}
	}
	slices.Sort(labels)
	return labels
}

// names finds classes.
type names struct {
	exact, loose map[string]int
	n            int
}

func newNames(list []string, n int) *names {
	known := &names{map[string]int{}, map[string]int{}, n}
	for i, name := range list[:min(n, len(list))] {
		first(known.exact, name, i)
		first(known.loose, loose(name), i)
	}
	return known
}

// first keeps the first index of a name.
func first(m map[string]int, name string, i int) {
	if _, taken := m[name]; !taken {
		m[name] = i
	}
}

// find is a class by its name, then by its name without regard to case and to what
// stands between words, then by its index; or -1.
func (known *names) find(label string) (index int, rule string) {
	if i, ok := known.exact[label]; ok {
		return i, "name"
	}
	if i, ok := known.loose[loose(label)]; ok {
		return i, "name"
	}
	if i, err := strconv.Atoi(label); err == nil && i >= 0 && i < known.n {
		return i, "index"
	}
	return -1, ""
}

var separators = strings.NewReplacer("_", " ", "-", " ")

func loose(name string) string { return strings.ToLower(separators.Replace(name)) }

// list is at most five of some labels.
func list(labels []string) string {
	const most = 5
	quoted := make([]string, 0, most)
	for _, l := range labels[:min(most, len(labels))] {
		quoted = append(quoted, strconv.Quote(l))
	}
	text := strings.Join(quoted, ", ")
	if n := len(labels) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// example is what classes are called.
func example(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + list(names) + ")"
}
