package dsl

import (
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// IsOperator says whether a word begins a step of its own, so that "* sigmoid"
// is a branch and "* gate" a value.
func IsOperator(word string) bool { return slices.Contains(operatorWords, word) }

// operatorWords are the operators and policy words of the language.
var operatorWords = []string{
	"conv", "linear", "bn", "scale", "relu", "relu6", "silu", "hardswish", "sigmoid",
	"maxpool", "avgpool", "zeropad", "pad", "subsample", "identity", "zero",
}

// build makes a participle parser for one form of statement.
func build[G any]() *participle.Parser[G] {
	return participle.MustBuild[G](participle.Lexer(definition), participle.UseLookahead(participle.MaxLookahead))
}

var (
	importParser     = build[gImport]()
	headerParser     = build[gModel]()
	inputParser      = build[gInput]()
	stageParser      = build[gStage]()
	outputParser     = build[gOutput]()
	preprocessParser = build[gPreprocess]()
	labelsParser     = build[gLabels]()
	publishedParser  = build[gPublished]()
	weightsParser    = build[gWeights]()
	armParser        = build[gArm]()
	chainParser      = build[gChain]()
)

// Parse reads a .res file. The file holds whatever could be read, even where
// there are errors, and is never nil. Parse may be called concurrently.
func Parse(src *Source) (*File, Diagnostics) {
	p := &parser{file: &File{Source: src}}
	p.src, p.ds = src, &p.diagnostics
	p.lines = cutLines(src, tokenize(src, p.ds))
	for len(p.lines) > 1 {
		p.declaration(p.next())
	}
	p.file.Trailing = p.lines[0].trivia.Leading
	p.diagnostics.Sort()
	return p.file, p.diagnostics
}

type parser struct {
	converter
	file        *File
	diagnostics Diagnostics
	lines       []line
}

// next takes the next line. The last line, which carries the comments at the
// end of the file, is never taken.
func (p *parser) next() line {
	l := p.lines[0]
	p.lines = p.lines[1:]
	return l
}

// read runs a parser over a statement; form is how such a statement is written.
func read[G any](p *parser, g *participle.Parser[G], l line, form string) (*G, bool) {
	span := p.span(l.tokens)
	if l.deep {
		p.ds.Errorf(TooDeep, span, "more than %d parentheses are open at once", maxNesting)
		return nil, false
	}
	if l.unclosed != nil {
		p.ds.Errorf(SyntaxError, p.src.tokenSpan(*l.unclosed), "this %s is not closed", l.unclosed.Value).Hintf(nil, "%s", form)
		return nil, false
	}
	end := l.tokens[len(l.tokens)-1].Pos
	end.Offset = span.End
	lex, err := lexer.Upgrade(&tokenLexer{l.tokens, end})
	if err == nil {
		var tree *G
		if tree, err = g.ParseFromLexer(lex); err == nil {
			return tree, true
		}
	}
	at, message, missing := span, "the statement cannot be read", false
	var failure participle.Error
	if errors.As(err, &failure) {
		at = Span{p.src, span.End, span.End}
		message = "the statement ends too early"
		for i, t := range l.tokens {
			if t.Pos.Offset == failure.Position().Offset {
				at, message = p.src.tokenSpan(t), fmt.Sprintf("unexpected %q", t.Value)
				missing = i > 0 && form == chainForm && isArgument(t.Value) && startsWord(l.tokens[i-1].Value)
			}
		}
	}
	if d := p.ds.Errorf(SyntaxError, at, "%s", message); missing {
		d.Hintf(&Edit{Span{p.src, at.Start, at.Start}, ", "}, "a comma is missing before it")
	} else {
		d.Hintf(nil, "%s", form)
	}
	return nil, false
}

// isArgument reports whether a word can only be an argument, and begins no step.
func isArgument(word string) bool {
	return unicode.IsDigit(rune(word[0])) || slices.Contains([]string{"bias", "groups", "dilation", "depthwise", "ceil"}, word)
}

// startsWord reports whether a token is a word or a number.
func startsWord(token string) bool {
	r, _ := utf8.DecodeRuneInString(token)
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// The forms of statements, for hints.
const (
	importForm     = `an import is written import "blocks.res"`
	headerForm     = `a declaration is written model NAME(param = 1) { … }, block NAME(width, stride = 1) { … } or shortcut NAME { … }`
	inputForm      = `an input is written input image [3, 224, 224]`
	stageForm      = `a stage is written stage layer1 = 3 x bottleneck(64), /2`
	outputForm     = `an output is written output c3 = layer2`
	preprocessForm = `preprocessing is written preprocess resize 256 -> crop 224 -> normalize [..], [..]`
	labelsForm     = `class labels are written labels ["cat", "dog"]`
	publishedForm  = `a published result is written published(depth = 20) top1-error 8.75, source "…"`
	weightsForm    = `shipped weights are written weights(depth = 20) "file.safetensors"`
	armForm        = `an arm is written same: identity`
	chainForm      = `steps are joined by ->, as in conv1: conv 3x3, 64, /2 -> bn -> relu`
)

// declaration reads one declaration at the top of the file.
func (p *parser) declaration(l line) {
	first := l.tokens
	switch {
	case l.kind == closing:
		p.ds.Errorf(SyntaxError, p.span(l.tokens), "unexpected %q: nothing is open here", "}")
	case l.kind == opening && len(first) > 0 && slices.Contains([]string{"model", "block", "shortcut"}, first[0].Value):
		p.header(l)
	case l.kind == opening:
		p.unknown(l)
		p.body(&Trivia{}, func(line) {})
	case first[0].Value == "import":
		if g, ok := read(p, importParser, l, importForm); ok {
			path := Span{p.src, first[1].Pos.Offset, first[1].Pos.Offset + len(first[1].Value)}
			p.file.Decls = append(p.file.Decls, &Import{l.trivia, p.span(first), Text{path, p.unquote(g.Path, path)}})
		}
	default:
		p.unknown(l)
	}
}

// unknown reports a line that begins no declaration.
func (p *parser) unknown(l line) {
	if len(l.tokens) == 0 {
		p.ds.Errorf(SyntaxError, Span{p.src, 0, 0}, "a { without a declaration before it").Hintf(nil, "%s", headerForm)
		return
	}
	word := l.tokens[0]
	d := p.ds.Errorf(SyntaxError, p.src.tokenSpan(word), "expected import, model, block or shortcut, found %q", word.Value)
	if near := Suggest(word.Value, []string{"import", "model", "block", "shortcut"}); near != "" {
		d.Hintf(&Edit{d.Span, near}, "did you mean %s?", near)
	} else {
		d.Hintf(nil, "%s", headerForm)
	}
}

// header reads a model, block or policy with its body.
func (p *parser) header(l line) {
	g, ok := read(p, headerParser, l, headerForm)
	if !ok {
		p.body(&Trivia{}, func(line) {})
		return
	}
	span := p.span(l.tokens)
	name, params := *p.name(&g.Name), p.params(g.Params)
	trivia := l.trivia
	switch g.Kind.Text {
	case "model":
		m := &Model{Span: span, Name: name, Params: params}
		p.body(&trivia, func(l line) { m.Body = p.statement(m.Body, l) })
		m.Trivia = trivia
		p.file.Decls = append(p.file.Decls, m)
	case "block":
		b := &Block{Span: span, Name: name, Params: params}
		p.body(&trivia, func(l line) { b.Body = p.statement(b.Body, l) })
		b.Trivia = trivia
		p.file.Decls = append(p.file.Decls, b)
	default:
		if len(params) > 0 {
			p.ds.Errorf(SyntaxError, params[0].Span, "a shortcut policy takes no parameters").
				Hintf(nil, "in, out and stride are always there")
		}
		s := &Policy{Span: span, Name: name}
		closed := p.body(&trivia, func(l line) { s.Arms = p.arm(s.Arms, l) })
		s.Trivia = trivia
		s.OneLine = len(s.Arms) == 1 && closed == l.tokens[0].Pos.Line
		p.file.Decls = append(p.file.Decls, s)
	}
}

// body hands the lines up to the closing brace to each. The comments before and
// behind the brace go to trivia; closed is the brace's line, or 0.
func (p *parser) body(trivia *Trivia, each func(line)) (closed int) {
	opened := p.lines[0]
	for len(p.lines) > 1 {
		switch l := p.next(); l.kind {
		case closing:
			trivia.Inner, trivia.End = l.trivia.Leading, l.trivia.Line
			return l.tokens[0].Pos.Line
		case opening:
			if len(l.tokens) > 0 && slices.Contains([]string{"model", "block", "shortcut"}, l.tokens[0].Value) && l.tokens[0].Pos.Column == 1 {
				p.ds.Errorf(UnclosedBrace, p.span(l.tokens), "the declaration above is not closed").Hintf(nil, "put a } before this line")
				p.header(l)
				return 0
			}
			p.ds.Errorf(SyntaxError, p.span(l.tokens), "a { stands here only behind a declaration").Hintf(nil, "groups are written in parentheses")
			p.body(&Trivia{}, func(line) {})
		default:
			each(l)
		}
	}
	at := Span{p.src, len(p.src.Text), len(p.src.Text)}
	if len(opened.tokens) > 0 {
		at = p.span(opened.tokens)
	}
	p.ds.Errorf(UnclosedBrace, at, "a declaration is not closed before the file ends").Hintf(nil, "put a } at its end")
	return 0
}

// statement reads one line of a model or block.
func (p *parser) statement(body []Stmt, l line) []Stmt {
	span := p.span(l.tokens)
	word := l.tokens[0].Value
	if len(l.tokens) > 1 && l.tokens[1].Value == ":" {
		word = "" // a label
	}
	switch word {
	case "input":
		if g, ok := read(p, inputParser, l, inputForm); ok {
			return append(body, p.input(g, l.trivia, span))
		}
	case "stage":
		if g, ok := read(p, stageParser, l, stageForm); ok {
			return append(body, &Stage{l.trivia, span, *p.label(&g.Label), p.expr(g.Count), *p.name(&g.Block), p.call(g.Call), p.args(g.Args)})
		}
	case "output":
		if g, ok := read(p, outputParser, l, outputForm); ok {
			return append(body, &Output{l.trivia, span, *p.name(&g.Name), p.name(g.Value)})
		}
	case "preprocess":
		if g, ok := read(p, preprocessParser, l, preprocessForm); ok {
			s := &Preprocess{Trivia: l.trivia, Span: span}
			for _, step := range g.Steps {
				s.Steps = append(s.Steps, p.op(step))
			}
			return append(body, s)
		}
	case "labels":
		if g, ok := read(p, labelsParser, l, labelsForm); ok {
			s := &Labels{Trivia: l.trivia, Span: span}
			for _, t := range g.Names {
				s.Names = append(s.Names, p.text(t))
			}
			return append(body, s)
		}
	case "published":
		if g, ok := read(p, publishedParser, l, publishedForm); ok {
			return append(body, &Published{l.trivia, span, p.call(g.When), p.args(g.Args)})
		}
	case "weights":
		if g, ok := read(p, weightsParser, l, weightsForm); ok {
			return append(body, &Weights{l.trivia, span, p.call(g.When), p.text(&g.Path)})
		}
	default:
		if g, ok := read(p, chainParser, l, chainForm); ok {
			return append(body, &ChainStmt{l.trivia, span, p.chain(g)})
		}
	}
	return body
}

func (p *parser) input(g *gInput, trivia Trivia, span Span) *Input {
	s := &Input{Trivia: trivia, Span: span, Name: *p.name(&g.Name)}
	for _, d := range g.Dims {
		dim := &Dim{Span: p.span(d.Tokens), Low: p.expr(d.Low)}
		if d.High != nil {
			dim.High = p.expr(d.High)
		}
		if d.Step != nil {
			dim.Step = p.expr(d.Step)
		}
		s.Dims = append(s.Dims, dim)
	}
	if len(s.Dims) != 3 {
		p.ds.Errorf(SyntaxError, span, "an input has three sizes, channels, height and width; this has %d", len(s.Dims)).Hintf(nil, "%s", inputForm)
	}
	if g.Square != nil {
		s.Square = p.name(g.Square)
		if g.Square.Text != "square" {
			p.ds.Errorf(SyntaxError, s.Square.Span, "unexpected %q behind the input's sizes", g.Square.Text).Hintf(nil, "the word square makes height and width vary together")
		}
	}
	return s
}

// arm reads one case of a policy.
func (p *parser) arm(arms []*Arm, l line) []*Arm {
	g, ok := read(p, armParser, l, armForm)
	if !ok {
		return arms
	}
	a := &Arm{l.trivia, p.span(l.tokens), *p.name(&g.Case), p.chain(g.Chain)}
	if cases := []string{"same", "channels", "else", "all"}; !slices.Contains(cases, a.Case.Text) {
		d := p.ds.Errorf(SyntaxError, a.Case.Span, "%q is no case of a policy", a.Case.Text)
		if near := Suggest(a.Case.Text, cases); near != "" {
			d.Hintf(&Edit{a.Case.Span, near}, "did you mean %s?", near)
		} else {
			d.Hintf(nil, "the cases are same, channels, else and all")
		}
		return arms
	}
	return append(arms, a)
}
