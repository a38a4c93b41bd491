package check

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/resc-lang/resc/dsl"
)

// value is what a parameter holds: a whole number, a word or a flag.
type value struct {
	kind  valueKind
	n     int64
	word  string
	flag  bool
	scope *fileScope // where a word was written, and so what it means
}

type valueKind int

const (
	badValue valueKind = iota // an error has been reported
	intValue
	wordValue
	flagValue
)

func (k valueKind) String() string {
	return [...]string{"nothing", "a whole number", "a word", "a flag"}[k]
}

func (v value) String() string {
	switch v.kind {
	case intValue:
		return strconv.FormatInt(v.n, 10)
	case flagValue:
		return strconv.FormatBool(v.flag)
	}
	return v.word
}

// params are the parameters in force, by name.
type params map[string]value

func (p params) names() []string {
	var names []string
	for n := range p {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// eval evaluates an expression. A bare name that is no parameter is a word.
func (f *frame) eval(e dsl.Expr) value {
	switch e := e.(type) {
	case *dsl.Number:
		return value{kind: intValue, n: e.Value}
	case *dsl.Paren:
		return f.eval(e.X)
	case *dsl.NameExpr:
		if v, ok := f.params[e.Name]; ok {
			return v
		}
		if e.Name == "true" || e.Name == "false" {
			return value{kind: flagValue, flag: e.Name == "true"}
		}
		return value{kind: wordValue, word: e.Name, scope: f.file}
	case *dsl.Binary:
		return f.arithmetic(e)
	case *dsl.Call:
		return f.div(e)
	case *dsl.Decimal:
		f.errorf(BadType, e.Span, "%s is a decimal, which stands only where a literal is wanted", e.Text)
	default:
		f.errorf(BadType, e.At(), "expected a value, found %s", e.At().Text())
	}
	return value{}
}

// int evaluates an expression that must be a whole number.
func (f *frame) int(e dsl.Expr) (int64, bool) {
	v := f.eval(e)
	switch v.kind {
	case intValue:
		return v.n, true
	case badValue:
		return 0, false
	}
	if name, ok := e.(*dsl.NameExpr); ok && v.kind == wordValue && name.Name == v.word {
		d := f.errorf(UnknownName, name.Span, "no parameter is called %s", name.Name)
		suggest(d, name.Span, name.Name, f.params.names())
		return 0, false
	}
	f.errorf(BadType, e.At(), "expected a whole number, found %s, %s", v.kind, v)
	return 0, false
}

// arithmetic is exact.
func (f *frame) arithmetic(e *dsl.Binary) value {
	x, ok := f.int(e.X)
	y, ok2 := f.int(e.Y)
	if !ok || !ok2 {
		return value{}
	}
	r, exact := int64(0), true
	switch e.Operator {
	case "+":
		r = x + y
		exact = (r > x) == (y > 0)
	case "-":
		r = x - y
		exact = (r < x) == (y > 0)
	default:
		r = x * y
		exact = x == 0 || r/x == y && !(x == -1 && y == math.MinInt64)
	}
	if !exact {
		f.errorf(Overflow, e.Span, "%d %s %d is too large", x, e.Operator, y)
		return value{}
	}
	return value{kind: intValue, n: r}
}

// div divides without remainder.
func (f *frame) div(e *dsl.Call) value {
	if e.Func.Text != "div" || len(e.Args) != 2 {
		f.errorf(BadType, e.Span, "%s is no function; there is div(a, b)", e.Func.Text)
		return value{}
	}
	x, ok := f.int(e.Args[0])
	y, ok2 := f.int(e.Args[1])
	switch {
	case !ok || !ok2:
		return value{}
	case y == 0:
		f.errorf(Inexact, e.Span, "div(%d, 0) divides by zero", x)
		return value{}
	case x%y != 0:
		f.errorf(Inexact, e.Span, "div(%d, %d) leaves a remainder of %d", x, y, x%y)
		return value{}
	}
	return value{kind: intValue, n: x / y}
}

// bind matches arguments with parameters. given are parameters that are set
// already, by a stage's stride.
func (f *frame) bind(what string, decl []*dsl.Param, args []*dsl.CallArg, at dsl.Span, file *fileScope, given params) (params, bool) {
	bound := params{}
	ok := true
	names := make([]string, len(decl))
	for i, p := range decl {
		names[i] = p.Name.Text
	}
	for i, a := range args {
		name := ""
		switch {
		case a.Name != nil && !slices.Contains(names, a.Name.Text):
			d := f.errorf(UnknownParam, a.Name.Span, "%s has no parameter %s", what, a.Name.Text)
			suggest(d, a.Name.Span, a.Name.Text, names)
			ok = false
			continue
		case a.Name != nil:
			name = a.Name.Text
		case i >= len(decl):
			f.errorf(UnknownParam, a.Span, "%s takes %s, but here are %d", what, count(len(decl), "argument"), len(args))
			return nil, false
		default:
			name = names[i]
		}
		if _, twice := bound[name]; twice {
			f.errorf(UnknownParam, a.Span, "%s is given twice", name)
			ok = false
			continue
		}
		v := f.eval(a.Value)
		ok = ok && v.kind != badValue
		bound[name] = v
	}
	for name, v := range given {
		if _, twice := bound[name]; twice && name == "stride" {
			f.errorf(UnknownParam, at, "the stride is given twice: by name and by /%s", v)
			ok = false
		}
		bound[name] = v
	}
	return bound, f.defaults(what, decl, bound, at, file) && ok
}

// defaults fills in the parameters that nobody set, and checks the kinds of
// those that somebody did.
func (f *frame) defaults(what string, decl []*dsl.Param, bound params, at dsl.Span, file *fileScope) bool {
	ok := true
	inner := &frame{checker: f.checker, file: file, params: params{}}
	for _, p := range decl {
		name := p.Name.Text
		v, set := bound[name]
		if p.Default == nil {
			if !set {
				f.errorf(MissingParam, at, "%s needs its parameter %s", what, name)
				ok = false
			}
			inner.params[name] = v
			continue
		}
		otherwise := inner.eval(p.Default)
		if !set {
			bound[name], inner.params[name] = otherwise, otherwise
			ok = ok && otherwise.kind != badValue
			continue
		}
		if v.kind != otherwise.kind && v.kind != badValue && otherwise.kind != badValue {
			f.errorf(BadType, at, "%s of %s is %s, not %s (%s)", name, what, otherwise.kind, v.kind, v)
			ok = false
		}
		inner.params[name] = v
	}
	return ok
}

// suggest adds a hint for a misspelt word.
func suggest(d *dsl.Diagnostic, span dsl.Span, word string, candidates []string) {
	if near := dsl.Suggest(word, candidates); near != "" {
		d.Hintf(&dsl.Edit{Span: span, Text: near}, "did you mean %s?", near)
	}
}

// count is a number of things: "1 argument", "2 arguments".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
