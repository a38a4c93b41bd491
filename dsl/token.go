package dsl

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/resc-lang/resc/internal/escape"
)

// definition is the lexer. Its last rule takes any character that no other
// does, so that the parser reports it with its place.
var definition = lexer.MustSimple([]lexer.SimpleRule{
	{Name: "Comment", Pattern: `//[^\n]*`},
	{Name: "String", Pattern: `"(\\.|[^"\\\n])*"`},
	{Name: "Arrow", Pattern: `->`},
	{Name: "Range", Pattern: `\.\.`},
	{Name: "Path", Pattern: `\d+(\.[A-Za-z0-9_]+){2,}|\d+\.[A-Za-z_][A-Za-z0-9_]*`}, // a name that begins with a number
	{Name: "Decimal", Pattern: `\d+\.\d+([eE][-+]?\d+)?|\d+[eE][-+]?\d+`},
	{Name: "Kernel", Pattern: `\d+x\d+\b`},
	{Name: "Word", Pattern: `(exclude-pad|top1-error|top5-error)\b`},
	{Name: "Ident", Pattern: `[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*`},
	{Name: "Int", Pattern: `\d+`},
	{Name: "Punct", Pattern: `[-+*/&=:,()\[\]{}]`},
	{Name: "Newline", Pattern: `\n`},
	{Name: "Space", Pattern: `[ \t\r]+`},
	{Name: "Other", Pattern: `(?s).`},
})

var (
	commentToken = definition.Symbols()["Comment"]
	newlineToken = definition.Symbols()["Newline"]
	spaceToken   = definition.Symbols()["Space"]
	arrowToken   = definition.Symbols()["Arrow"]
)

// Limits on what the parser reads.
const (
	MaxSource  = 1 << 20 // bytes of a source
	maxNesting = 64      // parentheses and brackets open at once
)

// tokenize splits a source into tokens without its spaces. The byte order mark
// that some editors write is skipped.
func tokenize(src *Source, ds *Diagnostics) []lexer.Token {
	text := src.Text
	if len(text) > MaxSource {
		ds.Errorf(SourceTooLarge, Span{src, 0, 0}, "the file is longer than the %d bytes that are read", MaxSource)
		return nil
	}
	if !utf8.ValidString(text) {
		at := 0
		for r, n := utf8.DecodeRuneInString(text); r != utf8.RuneError || n > 1; r, n = utf8.DecodeRuneInString(text[at:]) {
			at += n
		}
		ds.Errorf(BadEncoding, Span{src, at, at + 1}, "the file is not UTF-8")
		return nil
	}
	skip := 0
	if strings.HasPrefix(text, "\ufeff") {
		skip = len("\ufeff")
	}
	for i, r := range text[skip:] {
		i += skip
		if control(r) && r != '\n' && (r != '\r' || !strings.HasPrefix(text[i+1:], "\n")) {
			what := "control"
			if !unicode.IsControl(r) {
				what = "invisible"
			}
			ds.Errorf(BadEncoding, Span{src, i, i + utf8.RuneLen(r)}, "the file holds the %s character %U", what, r)
			return nil
		}
	}
	lex, err := definition.LexString(src.Name, text[skip:])
	if err != nil {
		return nil
	}
	var tokens []lexer.Token
	for {
		t, err := lex.Next()
		if err != nil || t.EOF() {
			return tokens
		}
		t.Pos.Offset += skip
		if t.Type == commentToken {
			t.Value = strings.TrimRight(t.Value, " \t\r")
		}
		if t.Type != spaceToken {
			tokens = append(tokens, t)
		}
	}
}

// control says whether a character stands in no line of a source, as it would be unseen
// or change how the line is shown.
func control(r rune) bool { return r != '\t' && escape.Hidden(r) }

// Holds says whether a line of a source can hold a text, in a string or comment: it is
// UTF-8, and has no line breaks, no control characters but tabs, and no invisible format
// characters, such as those that reverse the order of what is shown.
func Holds(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, control) }

// tokenSpan is where a token stands.
func (s *Source) tokenSpan(t lexer.Token) Span {
	return Span{s, t.Pos.Offset, t.Pos.Offset + len(t.Value)}
}

// tokenLexer hands a statement's tokens to participle.
type tokenLexer struct {
	tokens []lexer.Token
	end    lexer.Position
}

// Next returns the next token, and the end of file after the last.
func (l *tokenLexer) Next() (lexer.Token, error) {
	if len(l.tokens) == 0 {
		return lexer.EOFToken(l.end), nil
	}
	t := l.tokens[0]
	l.tokens = l.tokens[1:]
	return t, nil
}
