package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
	format "github.com/resc-lang/resc/internal/onnx"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// Imported is a model as the language says it.
type Imported struct {
	Text    string // of the .res file, as the formatter leaves it
	Weights []safetensors.Tensor
}

// Import writes a model as a .res file: blocks and policies of the standard
// library where they compute the same, and others of its own. What it returns has
// been compiled and compared with the model, node by node. name is the model's,
// input its C, H, W where the file leaves them open, and weights the file's name
// that its weights will have. Nodes that the language cannot say are a *Refused.
func Import(m *format.Model, name string, input []int, weights string, compile Compiler) (*Imported, error) {
	sizes, err := inputSizes(m, input)
	if err != nil {
		return nil, err
	}
	g, err := read(m, shape.New(sizes.shape[0], sizes.shape[1], sizes.shape[2]))
	if err != nil {
		return nil, err
	}
	if len(g.nodes) == 0 {
		return nil, errors.New("it has no layers")
	}
	g.label()
	with, err := readMetadata(m)
	if err != nil {
		return nil, err
	}
	im := &importer{net: g, model: m, name: name, sizes: sizes, comesWith: with, weights: weights, library: newLibrary(compile)}
	var last error
	for _, try := range []func() error{im.byPolicies, im.byOwnPolicy, im.byHand, im.flat, im.plain} {
		last = try()
		if last == nil {
			return im.done, nil
		}
	}
	return nil, fmt.Errorf("the network could not be written as a .res file: %w", last)
}

// importer tries ways to write a network until one compiles to the same.
type importer struct {
	net       *net
	model     *format.Model
	name      string
	sizes     *sizes
	comesWith comesWith
	weights   string
	library   *library

	known []*region // instances of the library's blocks
	own   []*region // of blocks that the file must declare
	done  *Imported
}

var errNoPolicy = errors.New("its shortcuts follow no policy")

// find finds the instances of blocks, anew.
func (im *importer) find() {
	im.known, im.own = nil, nil
	for _, n := range im.net.nodes {
		n.region = nil
	}
	regions := im.net.regions()
	for _, r := range regions {
		if r.uses = im.library.fit(r); r.uses != nil {
			im.known = append(im.known, r)
		} else {
			im.own = append(im.own, r)
		}
	}
}

// byPolicies writes the shortcuts by one policy of the library for the model.
func (im *importer) byPolicies() error {
	im.find()
	if len(im.known)+len(im.own) == 0 {
		return im.write("", "", nil)
	}
	err := errNoPolicy
	for _, p := range im.library.policies {
		fits := !slices.ContainsFunc(im.known, func(r *region) bool { return !slices.Contains(r.uses.policies, p.name) })
		if fits && (len(im.known) > 0 || slices.ContainsFunc(im.own, func(r *region) bool { return r.join != nil })) {
			if err = im.write(p.name, "", []string{p.from}); err == nil {
				return nil
			}
		}
	}
	return err
}

// byOwnPolicy writes them by one policy that the file declares.
func (im *importer) byOwnPolicy() error {
	im.find()
	err := errNoPolicy
	for _, channels := range []bool{false, true} {
		if name, text, ok := policy(slices.Concat(im.known, im.own), channels); ok {
			if err = im.write(name, text, nil); err == nil {
				return nil
			}
		}
	}
	return err
}

// byHand writes them in the blocks, or by the policies that stages name.
func (im *importer) byHand() error {
	im.find()
	var from []string
	found := im.known
	im.known = nil
	for _, r := range found {
		if len(r.uses.policies) == 0 {
			r.uses = nil
			im.own = append(im.own, r)
			continue
		}
		r.uses.policy = r.uses.policies[0]
		i := slices.IndexFunc(im.library.policies, func(p known) bool { return p.name == r.uses.policy })
		from = append(from, im.library.policies[i].from)
		im.known = append(im.known, r)
	}
	return im.write("", "", from)
}

// flat writes no blocks.
func (im *importer) flat() error {
	for _, n := range im.net.nodes {
		n.region = nil
	}
	im.known, im.own = nil, nil
	return im.write("", "", nil)
}

// plain writes no blocks and no labelled groups, whose steps may have equal labels.
func (im *importer) plain() error {
	for _, n := range im.net.nodes {
		n.alone = true
	}
	return im.flat()
}

// write writes the file and compares what it compiles to with the network.
func (im *importer) write(policyName, policyText string, imports []string) error {
	taken := map[string]bool{policyName: true, im.name: true}
	for _, r := range im.known {
		taken[r.uses.block] = true
		imports = append(imports, r.uses.from)
	}
	var declarations []string
	for _, r := range im.own {
		r.uses = nil
	}
	for _, d := range blocks(im.own, policyName != "") {
		declarations = append(declarations, d.declare(taken))
	}
	if policyText != "" {
		declarations = append(declarations, policyText)
	}
	number(slices.Concat(im.known, im.own))
	text := im.file(policyName, declarations, imports)
	file, ds := dsl.Parse(dsl.NewSource(im.name+".res", text))
	if ds.HasErrors() {
		return ds[0]
	}
	text = dsl.Format(file)
	g, err := im.library.compile(text)
	if err != nil {
		return err
	}
	m := newMatcher(im.net.input, g.Nodes[0], func(n *ir.Node) string { return n.Path })
	for i, o := range im.net.outputs {
		if len(g.Outputs) != len(im.net.outputs) || !m.match(o.node, g.Outputs[i].Node) {
			return fmt.Errorf("what was written computes something else at output %s", o.name)
		}
	}
	im.done = &Imported{Text: text, Weights: im.tensors()}
	return nil
}

// tensors is the state dictionary.
func (im *importer) tensors() (list []safetensors.Tensor) {
	for _, n := range im.net.nodes {
		for _, w := range n.weights {
			t := w.tensor
			t.Name = n.path + "." + w.entry
			list = append(list, t)
		}
	}
	return list
}

// number says which regions are of stages: whose numbers begin at 0 and leave
// none out.
func number(regions []*region) {
	count := map[string]int{}
	for _, r := range regions {
		count[r.base]++
	}
	highest := map[string]int{}
	for _, r := range regions {
		highest[r.base] = max(highest[r.base], r.index+1)
	}
	for _, r := range regions {
		r.uses.staged = highest[r.base] == count[r.base]
	}
}

// file is the whole text, before it is formatted.
func (im *importer) file(policyName string, declarations, imports []string) string {
	var b strings.Builder
	slices.Sort(imports)
	for _, i := range slices.Compact(imports) {
		if i != "" {
			fmt.Fprintf(&b, "import %q\n", i)
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	for _, line := range im.doc() {
		b.WriteString(strings.TrimRight("// "+line, " ") + "\n")
	}
	g := im.net
	last := g.outputs[len(g.outputs)-1].node
	classes, linear := last.op.(op.Linear)
	linear = linear && len(g.outputs) == 1
	var params []string
	if linear {
		params = append(params, fmt.Sprintf("classes = %d", classes.Out))
	}
	if policyName != "" {
		params = append(params, "shortcut = "+policyName)
	}
	call := ""
	if len(params) > 0 {
		call = "(" + strings.Join(params, ", ") + ")"
	}
	input := inputName(g.input.path)
	for slices.ContainsFunc(g.nodes, func(n *node) bool { return n.path == input || strings.HasPrefix(n.path, input+".") }) {
		input += "_in"
	}
	fmt.Fprintf(&b, "model %s%s {\n    input %s %s\n", im.name, call, input, im.sizes.text)
	for _, s := range im.comesWith.statements {
		b.WriteString("    " + s + "\n")
	}
	for _, r := range im.comesWith.results {
		fmt.Fprintf(&b, "    published%s %s\n", call, r)
	}
	fmt.Fprintf(&b, "    weights%s %q\n\n", call, im.weights)
	f := newFrame("", g.input, input, g.nodes, g.isOutput)
	f.slot = func(k slotKind, v int) string {
		if k == classesSlot && linear && v == classes.Out {
			return "classes"
		}
		return literal(k, v)
	}
	wanted := im.outputs(f)
	wasStage := false
	for i, x := range f.statements() {
		if i > 0 && x.stage != wasStage {
			b.WriteByte('\n')
		}
		wasStage = x.stage
		b.WriteString("    " + x.text + "\n")
	}
	for _, o := range wanted {
		b.WriteString("    output " + o(f) + "\n")
	}
	b.WriteString("}\n")
	for _, d := range declarations {
		b.WriteString("\n" + d)
	}
	return b.String()
}

// outputs says which output statements are needed, and has the values named.
func (im *importer) outputs(f *frame) (texts []func(*frame) string) {
	g := im.net
	if len(g.outputs) == 1 && g.outputs[0].node == g.nodes[len(g.nodes)-1] {
		name := g.outputs[0].name
		if im.model.Producer != "resc" || name == f.of[g.outputs[0].node].path || !label.MatchString(name) || name == "output" {
			return nil
		}
	}
	used := map[string]bool{}
	for _, o := range g.outputs {
		f.of[o.node].needed = true
		texts = append(texts, func(f *frame) string {
			value := f.address(f.of[o.node])
			name := identifier(o.name, value)
			for used[name] {
				name += "_"
			}
			used[name] = true
			if name == value {
				return name
			}
			return name + " = " + value
		})
	}
	return texts
}
