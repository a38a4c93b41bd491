package emit

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/compiler/internal/ir"
	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/dsl"
)

// comment prints lines as a comment.
func comment(f *jen.File, lines ...string) {
	f.Comment(commentText(lines...))
}

// commentText is lines with their slashes.
func commentText(lines ...string) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		if strings.HasPrefix(strings.TrimSpace(l), "+build") {
			l = "`" + l + "`" // it would be a build constraint
		}
		b.WriteString(strings.TrimRight("// "+l, " "))
	}
	return b.String()
}

// wrap breaks a text into lines of a comment.
func wrap(text string) []string {
	const width = 77
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(line)+1+len(word) > width {
				lines = append(lines, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}

// quote is the line of the .res file where a span begins, as a code block of a
// comment: file, number and text.
func quote(s dsl.Span) string {
	if !s.IsValid() {
		return ""
	}
	n := s.Position().Line
	return fmt.Sprintf("\t%s:%d: %s", fileName(s.Source), n, strings.TrimSpace(s.Source.Line(n)))
}

// layerDoc is the comment of a layer's function.
func (g *generator) layerDoc(l *layer, b *block) []string {
	n := l.call.Node
	switch l.call.Kernel.(type) {
	case plan.Import:
		return []string{fmt.Sprintf("%s takes the caller's image, %s in NCHW order, into the arena.", l.name, n.Shape)}
	case plan.Export:
		return []string{fmt.Sprintf("%s gives %s to the caller, in NCHW order.", l.name, n.Shape)}
	}
	lines := wrap(fmt.Sprintf("%s is %s.", l.name, strings.ReplaceAll(ir.Describe(n), ", "+b.path+".", ", ")))
	lines = append(lines, "", quote(n.Source), "")
	facts := fmt.Sprintf("%s to %s", n.Args[0].Shape, n.Shape)
	if p := n.Params(); p > 0 {
		facts += fmt.Sprintf("; %s parameters", check.Thousands(p))
	}
	if m := n.MACs(); m > 0 {
		facts += fmt.Sprintf(", %s multiply-adds", check.Thousands(m))
	}
	return append(lines, facts+".")
}

// blockDoc is the comment of a block's function: a table of its layers.
func (g *generator) blockDoc(b *block) []string {
	title := fmt.Sprintf("%s runs the model's own steps here.", b.name)
	if b.scope.Kind == ir.BlockScope {
		title = fmt.Sprintf("%s is block %s of %s.", b.name, b.scope.Decl, b.path)
	}
	lines := []string{title}
	if b.scope.Kind == ir.BlockScope && b.scope.Doc != "" {
		lines = append(lines, "")
		lines = append(lines, strings.Split(b.scope.Doc, "\n")...)
	}
	rows := [][]string{{"layer", "output", "multiply-adds", "slot"}}
	var params int64
	for _, l := range b.layers {
		n := l.call.Node
		slot := "caller"
		if l.call.Dst.Slot != nil {
			slot = "a." + l.call.Dst.Slot.Name
		}
		name, macs := relative(n.Path, b.path), "-"
		if l.call.IsTransfer() { // it computes nothing of its node, which is an output's
			name = strings.ToLower(plan.TypeName(l.call.Kernel)) + " " + name
		} else {
			params += n.Params()
			if m := n.MACs(); m > 0 {
				macs = check.Millions(m)
			}
		}
		rows = append(rows, []string{name, n.Shape.String(), macs, slot})
	}
	lines = append(lines, "")
	lines = append(lines, table(rows)...)
	if params > 0 {
		lines = append(lines, "", check.Thousands(params)+" parameters.")
	}
	return lines
}

// table aligns rows as a code block of a comment.
func table(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			widths[i] = max(widths[i], len(c))
		}
	}
	var lines []string
	for _, r := range rows {
		line := "\t"
		for i, c := range r {
			line += fmt.Sprintf("%-*s  ", widths[i], c)
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}
