package dsl

import (
	"slices"

	"github.com/alecthomas/participle/v2/lexer"
)

// A source is cut into lines before participle sees it, one statement each, so
// that a mistake in one statement does not hide those in the next.
//
// A statement ends with its line, unless parentheses are open or the next line
// begins with "->". Braces end statements too.
type line struct {
	kind   lineKind
	tokens []lexer.Token // for a header without its brace
	trivia Trivia
	deep   bool // more parentheses than the parser follows
	// unclosed is a parenthesis that is open where the statement ends.
	unclosed *lexer.Token
}

type lineKind int

const (
	statement lineKind = iota
	opening            // ends with {
	closing            // is }
)

// cutter builds lines out of tokens.
type cutter struct {
	src     *Source
	lines   []line
	current line
	pending []Comment     // comments that wait for the statement below them
	open    []lexer.Token // parentheses and brackets
	last    lexer.Token   // last token that is no newline or comment
}

// cutLines groups tokens into lines. The last line is closing with no tokens
// and carries the comments at the end of the file.
func cutLines(src *Source, tokens []lexer.Token) []line {
	c := &cutter{src: src}
	newlines := 0
	continued := continuations(tokens)
	for i, t := range tokens {
		switch t.Type {
		case newlineToken:
			newlines++
			if len(c.open) == 0 && !continued[i] {
				c.end(statement)
			}
			continue
		case commentToken:
			c.comment(t, newlines > 1)
		default:
			c.token(t, newlines > 1)
		}
		newlines = 0
	}
	c.end(statement)
	c.current.trivia.Leading = c.pending
	return append(c.lines, c.current)
}

// continuations says of each token whether the next one that is no newline and
// no comment is "->".
func continuations(tokens []lexer.Token) []bool {
	continued := make([]bool, len(tokens))
	next := false
	for i, t := range slices.Backward(tokens) {
		if t.Type != newlineToken && t.Type != commentToken {
			next = t.Type == arrowToken
		}
		continued[i] = next
	}
	return continued
}

// comment attaches a comment: to the line it ends, or to the statement below.
func (c *cutter) comment(t lexer.Token, blank bool) {
	comment := Comment{Span: c.src.tokenSpan(t), Text: t.Value, Blank: blank && (len(c.lines) > 0 || len(c.pending) > 0)}
	sameLine := c.last.Value != "" && c.last.Pos.Line == t.Pos.Line
	switch {
	case len(c.current.tokens) > 0 && sameLine && c.current.trivia.Line == nil:
		c.current.trivia.Line = &comment
	case len(c.current.tokens) > 0:
		c.current.trivia.Leading = append(c.current.trivia.Leading, comment)
	case sameLine && len(c.lines) > 0 && c.lines[len(c.lines)-1].trivia.Line == nil:
		c.lines[len(c.lines)-1].trivia.Line = &comment
	default:
		c.pending = append(c.pending, comment)
	}
}

// token adds a token to the current statement.
func (c *cutter) token(t lexer.Token, blank bool) {
	if len(c.current.tokens) == 0 {
		c.current.trivia.Leading = c.pending
		c.current.trivia.Blank = blank
		c.pending = nil
	}
	c.last = t
	switch t.Value {
	case "(", "[":
		c.open = append(c.open, t)
	case ")", "]":
		c.open = c.open[:max(len(c.open)-1, 0)]
	case "{":
		c.end(opening)
		return
	case "}":
		if len(c.current.tokens) > 0 {
			c.end(statement)
		}
		c.current.tokens = []lexer.Token{t}
		c.end(closing)
		return
	}
	c.current.deep = c.current.deep || len(c.open) > maxNesting
	c.current.tokens = append(c.current.tokens, t)
}

// end finishes the current statement.
func (c *cutter) end(kind lineKind) {
	if len(c.open) > 0 {
		c.current.unclosed = &c.open[0]
	}
	c.open = nil
	if kind == statement && len(c.current.tokens) == 0 {
		return
	}
	c.current.kind = kind
	c.lines = append(c.lines, c.current)
	c.current = line{}
}
