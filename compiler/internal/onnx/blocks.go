package onnx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/op"
)

// declared is a block of the file's own.
type declared struct {
	name    string
	lines   []string // with a mark for each slot
	kinds   []slotKind
	regions []*region
	values  [][]int // a row for each region
	added   bool    // it has + shortcut
}

// marked is a slot's place in a line.
func marked(i int) string { return "\x00" + strconv.Itoa(i) + "\x00" }

// blocks declares the blocks of regions that the library has none for. With
// policies, shortcuts are left to one.
func blocks(regions []*region, policies bool) []*declared {
	var list []*declared
	by := map[string]*declared{}
	add := func(r *region) {
		f := newFrame(r.path()+".", r.in, "input", r.nodes, func(n *node) bool { return n == r.out && n.readers == 0 })
		f.region = r
		f.policy = policies && r.join != nil
		var kinds []slotKind
		var values []int
		f.slot = func(k slotKind, v int) string {
			kinds, values = append(kinds, k), append(values, v)
			return marked(len(kinds) - 1)
		}
		f.fold()
		f.lines()
		kinds, values = nil, nil
		var lines []string
		for _, x := range f.lines() {
			lines = append(lines, x.text)
		}
		key := strings.Join(lines, "\n")
		d := by[key]
		if d == nil {
			d = &declared{lines: lines, kinds: kinds, added: f.policy}
			by[key] = d
			if f.policy { // instances without an addition are of the same block
				by[strings.Join(slices.DeleteFunc(slices.Clone(lines), isShortcut), "\n")] = d
			}
			list = append(list, d)
		}
		d.regions, d.values = append(d.regions, r), append(d.values, values)
	}
	for _, joined := range []bool{true, false} {
		for _, r := range regions {
			if r.uses == nil && (r.join != nil) == joined {
				add(r)
			}
		}
	}
	return list
}

func isShortcut(line string) bool { return line == "+ shortcut" }

// parameter is a parameter of a block, and its value in each region.
type parameter struct {
	name   string
	values []int
	first  int // slot
}

// declare gives a block its name and parameters, and its regions their
// arguments. It returns the declaration.
func (d *declared) declare(taken map[string]bool) string {
	d.name = d.title()
	for i := 2; taken[d.name]; i++ {
		d.name = fmt.Sprintf("%s%d", d.title(), i)
	}
	taken[d.name] = true
	text := make([]string, len(d.kinds))
	var params []*parameter
	strided := false
	order := make([]int, len(d.kinds))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return d.values[0][a] - d.values[0][b] })
	for _, i := range order {
		column := d.column(i)
		switch {
		case (d.kinds[i] == strideSlot || d.kinds[i] == windowSlot) && slices.Max(column) > 1 && d.follows(column):
			strided = true
			text[i] = d.kinds[i].around("stride")
		case slices.Max(column) == slices.Min(column):
			text[i] = literal(d.kinds[i], column[0])
		default:
			var expr string
			expr, params = d.expression(i, column, params)
			text[i] = d.kinds[i].around(expr)
		}
	}
	slices.SortStableFunc(params, func(a, b *parameter) int { return a.first - b.first })
	var names []string
	for _, p := range params {
		names = append(names, p.name)
	}
	for i, r := range d.regions {
		u := &use{block: d.name, stride: 1}
		for _, p := range params {
			u.args = append(u.args, strconv.Itoa(p.values[i]))
		}
		if strided {
			u.stride = r.stride(r.main())
		}
		r.uses = u
	}
	if strided {
		names = append(names, "stride = 1")
	}
	head := "block " + d.name
	if len(names) > 0 {
		head += "(" + strings.Join(names, ", ") + ")"
	}
	body := "    " + strings.Join(d.lines, "\n    ")
	for i, t := range text {
		body = strings.Replace(body, marked(i), t, 1)
	}
	return "// " + d.name + " is the block of " + d.where() + ".\n" + head + " {\n" + body + "\n}\n"
}

// where names the stages that a block occurs in.
func (d *declared) where() string {
	if len(d.regions) == 1 {
		return d.regions[0].path()
	}
	var bases []string
	for _, r := range d.regions {
		if !slices.Contains(bases, r.base) {
			bases = append(bases, r.base)
		}
	}
	if n := len(bases); n > 1 {
		return strings.Join(bases[:n-1], ", ") + " and " + bases[n-1]
	}
	return bases[0]
}

// column is a slot's value in each region.
func (d *declared) column(i int) []int {
	var column []int
	for _, row := range d.values {
		column = append(column, row[i])
	}
	return column
}

// follows says whether a slot is the stride of the region in each.
func (d *declared) follows(column []int) bool {
	for i, r := range d.regions {
		if column[i] != r.stride(r.main()) {
			return false
		}
	}
	return true
}

// expression is a slot as a multiple of a parameter: of one that is there, or of a
// new one.
func (d *declared) expression(i int, column []int, params []*parameter) (string, []*parameter) {
	for _, p := range params {
		for factor := 1; factor <= 8; factor++ {
			same := true
			for j := range column {
				same = same && column[j] == factor*p.values[j]
			}
			switch {
			case same && factor == 1:
				p.first = min(p.first, i)
				return p.name, params
			case same:
				p.first = min(p.first, i)
				return fmt.Sprintf("%d*%s", factor, p.name), params
			}
		}
	}
	name := map[slotKind]string{outSlot: "inner", strideSlot: "step", windowSlot: "step", groupsSlot: "cardinality", dilationSlot: "spread", classesSlot: "features"}[d.kinds[i]]
	if d.kinds[i] == outSlot && !slices.ContainsFunc(params, func(p *parameter) bool { return p.name == "width" }) {
		name = "width"
	}
	base := name
	for n := 2; slices.ContainsFunc(params, func(p *parameter) bool { return p.name == name }); n++ {
		name = fmt.Sprintf("%s%d", base, n)
	}
	return name, append(params, &parameter{name, column, i})
}

// title is the field's word for a block, by its convolutions.
func (d *declared) title() string {
	var kernels []int
	depthwise := false
	for _, n := range d.regions[0].nodes {
		if c, ok := n.op.(op.Conv); ok && !d.regions[0].beside(n) {
			kernels = append(kernels, max(c.KernelH, c.KernelW))
			depthwise = depthwise || c.Groups > 1 && c.Groups == c.Out
		}
	}
	switch {
	case depthwise && len(kernels) >= 3:
		return "inverted"
	case depthwise:
		return "separable"
	case slices.Equal(kernels, []int{3, 3}):
		return "basic"
	case slices.Equal(kernels, []int{1, 3, 1}):
		return "bottleneck"
	}
	return "unit"
}

// beside says whether a node is on the shortcut alone.
func (r *region) beside(n *node) bool {
	if r.join == nil {
		return false
	}
	for at := r.side; at != r.in && at.region == r && len(at.in) == 1; at = at.in[0] {
		if at == n {
			return true
		}
		if at.in[0].readers > 1 {
			break
		}
	}
	return false
}
