package op

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// Codes of the errors that operators report.
const (
	BadArgument     dsl.Code = "bad-argument"
	UnknownName     dsl.Code = "unknown-name"
	MissingArgument dsl.Code = "missing-argument"
	UnknownArgument dsl.Code = "unknown-argument"
	PadRequired     dsl.Code = "pad-required"
	BadGroups       dsl.Code = "bad-groups"
	WindowTooLarge  dsl.Code = "window-too-large"
	TooFewChannels  dsl.Code = "too-few-channels"
	LinearVaries    dsl.Code = "linear-varies"
	TooLarge        dsl.Code = "too-large"
	ShapeMismatch   dsl.Code = "shape-mismatch"
)

// ArgKind says which form an argument has.
type ArgKind int

// The forms of an argument.
const (
	IntArg     ArgKind = iota // 64
	KernelArg                 // 3x3
	StrideArg                 // /2
	WordArg                   // bias, out
	DecimalArg                // 1e-5
	PadArg                    // 0:1
	NoArg                     // no bias
	FlagArg                   // true or false
)

// Arg is an argument of a step after evaluation.
type Arg struct {
	Name string // of an option; empty when positional
	Kind ArgKind
	Span dsl.Span

	Int     int
	Kernel  [2]int
	Word    string
	Decimal float64
	Pad     []int // two or four
	Flag    bool
}

// Args is what a step hands to Build, which takes from it what it knows; what
// is left over is an error.
type Args struct {
	In   shape.Shape
	Span dsl.Span
	List []Arg
	used []bool
}

// errorf is an error about an argument, or about the step when a is nil.
func errorf(code dsl.Code, a *Arg, format string, args ...any) *Error {
	e := &Error{Code: code, Message: fmt.Sprintf(format, args...)}
	if a != nil {
		e.At = &a.Span
	}
	return e
}

// take removes the first argument that matches.
func (a *Args) take(match func(*Arg) bool) *Arg {
	if a.used == nil {
		a.used = make([]bool, len(a.List))
	}
	for i := range a.List {
		if !a.used[i] && match(&a.List[i]) {
			a.used[i] = true
			return &a.List[i]
		}
	}
	return nil
}

// kernel takes the window's sides.
func (a *Args) kernel() *Arg {
	return a.take(func(x *Arg) bool { return x.Name == "" && x.Kind == KernelArg })
}

// positional takes the next plain number.
func (a *Args) positional() *Arg {
	return a.take(func(x *Arg) bool { return x.Name == "" && x.Kind == IntArg })
}

// positive takes a plain number that must be there and be at least 1.
func (a *Args) positive(what string) (int, error) {
	x := a.positional()
	if x == nil {
		return 0, a.missing(what)
	}
	return x.atLeast(1, what)
}

// missing says that an argument is not there, or that a word stands in its
// place which means nothing.
func (a *Args) missing(what string) *Error {
	if x := a.take(func(x *Arg) bool { return x.Name == "" && x.Kind == WordArg }); x != nil {
		return errorf(UnknownName, x, "no parameter is called %s", x.Word)
	}
	return errorf(MissingArgument, nil, "%s is missing", what)
}

// atLeast checks the value of a whole number.
func (x *Arg) atLeast(low int, what string) (int, error) {
	if x.Int < low {
		return 0, errorf(BadArgument, x, "%s is %d, but must be at least %d", what, x.Int, low)
	}
	if x.Int > shape.MaxSize {
		return 0, errorf(TooLarge, x, "%s is %d, but may be at most %d", what, x.Int, shape.MaxSize)
	}
	return x.Int, nil
}

// hasStride says whether a stride is written.
func (a *Args) hasStride() bool {
	return slices.ContainsFunc(a.List, func(x Arg) bool { return x.Kind == StrideArg })
}

// stride takes the stride, 1 when there is none.
func (a *Args) stride() (int, error) {
	x := a.take(func(x *Arg) bool { return x.Kind == StrideArg })
	if x == nil {
		return 1, nil
	}
	return x.atLeast(1, "the stride")
}

// option takes the whole number behind a word.
func (a *Args) option(word string, otherwise int) (int, error) {
	x := a.take(func(x *Arg) bool { return x.Name == word })
	if x == nil {
		return otherwise, nil
	}
	if x.Kind != IntArg {
		return 0, errorf(BadArgument, x, "%s takes a whole number", word)
	}
	return x.atLeast(1, word)
}

// flag takes a word that stands alone, "no WORD", or "WORD true".
func (a *Args) flag(word string, otherwise bool) (bool, error) {
	x := a.take(func(x *Arg) bool { return x.Name == word || x.Name == "" && x.Kind == WordArg && x.Word == word })
	switch {
	case x == nil:
		return otherwise, nil
	case x.Kind == NoArg:
		return false, nil
	case x.Kind == FlagArg:
		return x.Flag, nil
	case x.Name == "":
		return true, nil
	}
	return false, errorf(BadArgument, x, "%s is a flag: true or false", word)
}

// padding takes "pad N", "pad B:A" or "pad (t,b,l,r)"; without it an odd window
// is padded so that stride 1 keeps the size, and an even one must say.
func (a *Args) padding(k [2]int, dilation int) ([4]int, error) {
	x := a.take(func(x *Arg) bool { return x.Name == "pad" })
	if x != nil {
		return x.sides()
	}
	if k[0]%2 == 0 || k[1]%2 == 0 {
		e := errorf(PadRequired, nil, "a %dx%d window has no middle, so its padding must be said", k[0], k[1])
		e.Hint = fmt.Sprintf("write pad 0 for none, or pad %d:%d to keep the size at stride 1", (max(k[0], k[1])-1)/2, max(k[0], k[1])/2)
		e.Edit = ", pad 0"
		return [4]int{}, e
	}
	y, w := dilation*(k[0]-1)/2, dilation*(k[1]-1)/2
	if max(y, w) > maxPadding {
		return [4]int{}, errorf(BadArgument, nil, "a %dx%d window of dilation %d is padded by %d, but at most %d are possible", k[0], k[1], dilation, max(y, w), maxPadding)
	}
	return [4]int{y, w, y, w}, nil
}

// sides is padding as top, left, bottom, right; it is written top, bottom, left,
// right.
func (x *Arg) sides() ([4]int, error) {
	var p [4]int
	switch {
	case x.Kind == IntArg:
		p = [4]int{x.Int, x.Int, x.Int, x.Int}
	case x.Kind == PadArg && len(x.Pad) == 2:
		p = [4]int{x.Pad[0], x.Pad[0], x.Pad[1], x.Pad[1]}
	case x.Kind == PadArg && len(x.Pad) == 4:
		p = [4]int{x.Pad[0], x.Pad[2], x.Pad[1], x.Pad[3]}
	default:
		return p, errorf(BadArgument, x, "padding is a number, before:after, or (top, bottom, left, right)")
	}
	for _, v := range p {
		if v < 0 || v > maxPadding {
			return p, errorf(BadArgument, x, "padding is %d, but must be 0 to %d", v, maxPadding)
		}
	}
	return p, nil
}

// maxPadding bounds the zeros around an image, which take memory.
const maxPadding = 1024

// window checks a window's sides.
func window(x *Arg) ([2]int, error) {
	for _, k := range x.Kernel {
		if k < 1 || k > maxKernel {
			return x.Kernel, errorf(BadArgument, x, "a window's side is %d, but must be 1 to %d", k, maxKernel)
		}
	}
	return x.Kernel, nil
}

// maxKernel bounds the side of a window.
const maxKernel = 1024

// rest reports the arguments that nobody took.
func (a *Args) rest(d *Def) error {
	for i := range a.List {
		if a.used != nil && a.used[i] {
			continue
		}
		x := &a.List[i]
		name := x.Name
		if name == "" {
			name = x.Span.Text()
		}
		if x.Name != "" && slices.Contains(slices.Concat(d.Flags, d.Options), x.Name) || x.Kind == StrideArg && strings.Contains(d.Args, "/STRIDE") {
			return errorf(BadArgument, x, "%s is given twice", x.Span.Text())
		}
		e := errorf(UnknownArgument, x, "%s does not take %q", d.Word, name)
		if near := dsl.Suggest(name, slices.Concat(d.Flags, d.Options)); near != "" {
			e.Hint = fmt.Sprintf("did you mean %s?", near)
			if x.Span.Text() == name {
				e.Edit = near
			}
		} else if d.Args != "" {
			e.Hint = fmt.Sprintf("it takes %s", d.Args)
		} else {
			e.Hint = fmt.Sprintf("%s takes no arguments", d.Word)
		}
		return e
	}
	return nil
}

// Make builds the operator that a step asks for.
func (d *Def) Make(a *Args) (Op, error) {
	made, err := d.Build(a)
	if err != nil {
		return nil, err
	}
	if err := a.rest(d); err != nil {
		return nil, err
	}
	return made, nil
}

// attributes joins what String shows.
func attributes(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// padText shows padding: "pad 1", or every side.
func padText(p [4]int) string {
	switch {
	case p == [4]int{}:
		return ""
	case p[0] == p[1] && p[1] == p[2] && p[2] == p[3]:
		return fmt.Sprintf("pad %d", p[0])
	default:
		return fmt.Sprintf("pad (%d,%d,%d,%d)", p[0], p[2], p[1], p[3])
	}
}

// strideText shows a stride other than 1.
func strideText(s int) string {
	if s == 1 {
		return ""
	}
	return fmt.Sprintf("/%d", s)
}
