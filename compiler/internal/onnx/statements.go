package onnx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/op"
)

// statement is a line.
type statement struct {
	text  string
	stage bool // of blocks, or a block as a step
}

// statements writes a frame's items.
func (f *frame) statements() []statement {
	f.fold()
	f.lines() // finds which values are addressed
	return f.lines()
}

// fold finds the chains that are written where they are joined.
func (f *frame) fold() {
	for _, it := range f.items {
		if len(it.in) != 2 {
			continue
		}
		if _, sum := it.node.op.(op.Add); sum && len(f.chain(it.in[0])) == 0 && len(f.chain(it.in[1])) > 0 {
			it.in[0], it.in[1] = it.in[1], it.in[0]
		}
		if f.policy && it.node == f.region.join && it.in[1] != f.of[f.region.side] {
			it.in[0], it.in[1] = it.in[1], it.in[0]
		}
		for _, x := range f.chain(it.in[1]) {
			x.inline = true
		}
	}
}

// chain is the items that lead to a value and that nothing else needs, from the
// first on.
func (f *frame) chain(it *item) (list []*item) {
	for it.node != f.input && len(it.in) == 1 && it.readers == 1 && !it.output && it.stage == nil {
		list = append(list, it)
		it = it.in[0]
	}
	slices.Reverse(list)
	return list
}

func (f *frame) lines() (lines []statement) {
	stage := false
	running := f.of[f.input]
	var line []string
	flush := func() {
		if len(line) > 0 {
			lines = append(lines, statement{strings.Join(line, " -> "), stage})
		}
		line, stage = nil, false
	}
	var before *item
	for _, it := range f.items {
		if it.inline {
			continue
		}
		from := it.in[0]
		switch {
		case it.stage != nil && from != running:
			flush()
			line = []string{"from " + f.address(from)}
			flush()
		case from != running:
			flush()
			line = []string{"from " + f.address(from)}
		case opensLine(it) || before != nil && before.group != nil && len(it.node.weights) > 0 || before == nil || len(before.in) == 2 || before.stage != nil:
			flush()
		}
		text := f.item(it, before)
		if it.needed && it.name == "" {
			text += " as " + f.mark(it)
		}
		line = append(line, text)
		stage = it.stage != nil
		if len(it.in) == 2 {
			flush()
		}
		running, before = it, it
	}
	flush()
	return lines
}

// opensLine says whether an item stands at the beginning of a line.
func opensLine(it *item) bool {
	if it.stage != nil || it.group != nil || len(it.in) == 2 {
		return true
	}
	switch it.node.op.(type) {
	case op.Activate, op.BatchNorm, op.Scale:
		return false
	}
	return true
}

// address is the name of a value that a statement refers to.
func (f *frame) address(it *item) string {
	it.needed = true
	if it.name != "" {
		return it.name
	}
	return f.mark(it)
}

// mark gives a value the name that as makes.
func (f *frame) mark(it *item) string {
	base := "v"
	if _, ok := it.node.op.(op.Activate); ok {
		base = "act"
	}
	name := fmt.Sprintf("%s%d", base, slices.Index(f.items, it)+1)
	for slices.ContainsFunc(f.items, func(it *item) bool { return it.path == name }) || name == f.named {
		name += "_"
	}
	return name
}

// item is an item's text.
func (f *frame) item(it *item, before *item) string {
	switch {
	case it.stage != nil:
		return it.stage.text()
	case it.group != nil:
		var steps []string
		for i, n := range it.group {
			text := f.step(n)
			if _, last, ok := cutLast(f.relative(n)); ok && last != strconv.Itoa(i) && len(n.weights) > 0 {
				text = last + ": " + text
			}
			steps = append(steps, text)
		}
		return it.path + ": (" + strings.Join(steps, " -> ") + ")"
	case len(it.in) == 2:
		return f.join(it)
	}
	text := f.step(it.node)
	if len(it.node.weights) > 0 && !f.elided(it, before) {
		it.name = it.path
		text = it.path + ": " + text
	}
	return text
}

// elided says whether a batch norm's name follows from its convolution's.
func (f *frame) elided(it, before *item) bool {
	if _, ok := it.node.op.(op.BatchNorm); !ok || before == nil || before.group != nil || before.stage != nil {
		return false
	}
	_, conv := before.node.op.(op.Conv)
	return conv && it.in[0] == before && !strings.Contains(before.path, ".") && strings.Contains(before.path, "conv") &&
		strings.Replace(before.path, "conv", "bn", 1) == it.path
}

// join is a sum, a product or a concatenation.
func (f *frame) join(it *item) string {
	sign := map[string]string{"add": "+ ", "mul": "* ", "concat": "& "}[it.node.op.Name()]
	if f.policy && it.node == f.region.join {
		return sign + "shortcut"
	}
	chain := f.chain(it.in[1])
	if len(chain) == 0 {
		return sign + f.address(it.in[1])
	}
	start := chain[0].in[0]
	var steps []string
	if start != it.in[0] {
		steps = append(steps, "from "+f.address(start))
	}
	var before *item
	for _, x := range chain {
		steps = append(steps, f.item(x, before))
		before = x
	}
	text := strings.Join(steps, " -> ")
	if len(steps) == 1 && chain[0].group != nil {
		return sign + text
	}
	return sign + "(" + text + ")"
}

// text is a stage's statement, or a block's as a step.
func (s *stage) text() string {
	first := s.regions[0]
	text := first.path() + ": " + first.uses.call()
	if first.staged() {
		text = fmt.Sprintf("stage %s = %d x %s", first.base, len(s.regions), first.uses.call())
	}
	if first.uses.stride > 1 {
		text += fmt.Sprintf(", /%d", first.uses.stride)
	}
	if first.uses.policy != "" {
		text += ", shortcut " + first.uses.policy
	}
	return text
}
