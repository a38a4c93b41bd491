package check

import (
	"slices"

	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
)

// arguments evaluates what stands behind an operator.
func (f *frame) arguments(def *op.Def, o *dsl.Op) (*op.Args, bool) {
	args, ok := &op.Args{}, true
	if o.Called {
		f.errorf(op.UnknownArgument, o.Span, "%s is an operator; its arguments stand behind it, without parentheses", def.Word)
		return args, false
	}
	for _, arg := range o.Args {
		a, fine := f.argument(def, arg)
		args.List = append(args.List, a)
		ok = ok && fine
	}
	return args, ok
}

// argument evaluates one argument of an operator.
func (f *frame) argument(def *op.Def, a *dsl.Arg) (op.Arg, bool) {
	out := op.Arg{Span: a.Span}
	if a.Name != nil {
		out.Name = a.Name.Text
	}
	switch {
	case a.No:
		out.Kind = op.NoArg
		return out, true
	case a.Stride:
		out.Kind = op.StrideArg
		return out, f.size(a.Value, &out.Int)
	}
	switch e := a.Value.(type) {
	case *dsl.KernelExpr:
		out.Kind = op.KernelArg
		return out, f.size(e.Height, &out.Kernel[0]) && f.size(e.Width, &out.Kernel[1])
	case *dsl.PadExpr:
		out.Kind = op.PadArg
		out.Pad = make([]int, len(e.Sides))
		for i, s := range e.Sides {
			if !f.size(s, &out.Pad[i]) {
				return out, false
			}
		}
		return out, true
	case *dsl.Decimal:
		out.Kind, out.Decimal = op.DecimalArg, e.Value
		return out, true
	case *dsl.NameExpr:
		if a.Name == nil && slices.Contains(def.Flags, e.Name) {
			out.Kind, out.Word = op.WordArg, e.Name
			return out, true
		}
		if v := f.eval(e); v.kind == flagValue {
			out.Kind, out.Flag = op.FlagArg, v.flag
			return out, true
		}
		if _, isParam := f.params[e.Name]; !isParam && a.Name == nil && dsl.Suggest(e.Name, f.params.names()) == "" {
			// A word that the operator does not know; it says so itself.
			out.Kind, out.Word = op.WordArg, e.Name
			return out, true
		}
	case *dsl.ListExpr, *dsl.StringExpr:
		f.errorf(op.BadArgument, a.Span, "%s takes no such argument", def.Word)
		return out, false
	}
	out.Kind = op.IntArg
	return out, f.size(a.Value, &out.Int)
}

// size evaluates a whole number of a size that tensors can have.
func (f *frame) size(e dsl.Expr, out *int) bool {
	n, ok := f.int(e)
	if !ok {
		return false
	}
	if n < -shape.MaxSize || n > shape.MaxSize {
		f.errorf(op.TooLarge, e.At(), "%d is more than %d", n, shape.MaxSize)
		return false
	}
	*out = int(n)
	return true
}
