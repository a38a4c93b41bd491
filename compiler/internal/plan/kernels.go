package plan

import (
	"reflect"

	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime/kernel"
)

// Kernel is the geometry of a call: a structure of runtime/kernel and, beside it, its
// layouts. A layout may depend on the size of the input, so it stands in place of the
// structure's own of the same name.
//
// Each kernel here has a method At, the runtime's structure for one size of the input.
type Kernel interface{ isKernel() }

// The kernels, by the names of their structures in runtime/kernel.
type (
	// Import copies the caller's image into the arena.
	Import struct {
		kernel.Import
		Out Layout
	}
	// Export copies an output to the caller.
	Export struct {
		kernel.Export
		In Layout
	}
	// Conv is a convolution with all that is fused into it. Residual is set where it
	// differs from Out.
	Conv struct {
		kernel.Conv
		In, Out, Residual Layout
	}
	// Linear is a fully connected layer.
	Linear struct {
		kernel.Linear
		In Layout
	}
	// Affine is a scale and a shift of each channel.
	Affine struct {
		kernel.Affine
		In, Out Layout
	}
	// Activate is an activation that nothing else computes.
	Activate struct {
		kernel.Activate
		In, Out Layout
	}
	// Pool is a pooling by windows.
	Pool struct {
		kernel.Pool
		In, Out Layout
	}
	// GlobalAverage is the average of each channel.
	GlobalAverage struct {
		kernel.GlobalAverage
		In, Out Layout
	}
	// Add is a sum that no convolution computes.
	Add struct {
		kernel.Add
		A, B, Out Layout
	}
	// Mul is a product. Residual is set where there is one.
	Mul struct {
		kernel.Mul
		A, B, Out, Residual Layout
	}
	// Place copies a value into a larger one.
	Place struct {
		kernel.Place
		In, Out Layout
	}
)

func (Import) isKernel()        {}
func (Export) isKernel()        {}
func (Conv) isKernel()          {}
func (Linear) isKernel()        {}
func (Affine) isKernel()        {}
func (Activate) isKernel()      {}
func (Pool) isKernel()          {}
func (GlobalAverage) isKernel() {}
func (Add) isKernel()           {}
func (Mul) isKernel()           {}
func (Place) isKernel()         {}

// At is the geometry for a size of the input.
func (k Import) At(s Size) kernel.Import { return kernel.Import{Out: k.Out.At(s)} }

// At is the geometry for a size of the input.
func (k Export) At(s Size) kernel.Export { return kernel.Export{In: k.In.At(s)} }

// At is the geometry for a size of the input.
func (k Conv) At(s Size) kernel.Conv {
	c := k.Conv
	c.In, c.Out, c.Residual = k.In.At(s), k.Out.At(s), k.Residual.At(s)
	return c
}

// At is the geometry for a size of the input.
func (k Linear) At(s Size) kernel.Linear {
	l := k.Linear
	l.In = k.In.At(s)
	return l
}

// At is the geometry for a size of the input.
func (k Affine) At(s Size) kernel.Affine {
	a := k.Affine
	a.In, a.Out = k.In.At(s), k.Out.At(s)
	return a
}

// At is the geometry for a size of the input.
func (k Activate) At(s Size) kernel.Activate {
	a := k.Activate
	a.In, a.Out = k.In.At(s), k.Out.At(s)
	return a
}

// At is the geometry for a size of the input.
func (k Pool) At(s Size) kernel.Pool {
	p := k.Pool
	p.In, p.Out = k.In.At(s), k.Out.At(s)
	return p
}

// At is the geometry for a size of the input.
func (k GlobalAverage) At(s Size) kernel.GlobalAverage {
	return kernel.GlobalAverage{In: k.In.At(s), Out: k.Out.At(s)}
}

// At is the geometry for a size of the input.
func (k Add) At(s Size) kernel.Add {
	a := k.Add
	a.A, a.B, a.Out = k.A.At(s), k.B.At(s), k.Out.At(s)
	return a
}

// At is the geometry for a size of the input.
func (k Mul) At(s Size) kernel.Mul {
	m := k.Mul
	m.A, m.B, m.Out, m.Residual = k.A.At(s), k.B.At(s), k.Out.At(s), k.Residual.At(s)
	return m
}

// At is the geometry for a size of the input.
func (k Place) At(s Size) kernel.Place {
	p := k.Place
	p.In, p.Out = k.In.At(s), k.Out.At(s)
	return p
}

// Size is a size of the model's input.
type Size struct{ Height, Width int }

// Of is the value of a dimension for that size of the input.
func (s Size) Of(d shape.Dim) int {
	switch r := d.Range(); {
	case r == nil:
		return d.Max()
	case r.Name == "width":
		return d.At(s.Width)
	}
	return d.At(s.Height)
}

// At is the layout for a size of the input.
func (l Layout) At(s Size) kernel.Layout {
	return kernel.Layout{C: l.C, H: s.Of(l.H), W: s.Of(l.W), Halo: l.Halo, Block: l.Block}
}

// Field is a field of a structure that is not zero.
type Field struct {
	Name  string
	Value any
}

// Fields lists the fields of a structure of runtime/kernel that are not zero, in their
// order. For a Kernel they are those of the structure that it holds, with its own
// layouts.
func Fields(structure any) []Field {
	v := reflect.ValueOf(structure)
	declared := v.Type()
	if _, ok := structure.(Kernel); ok {
		declared = declared.Field(0).Type
	}
	var fields []Field
	for i := range declared.NumField() {
		name := declared.Field(i).Name
		if f := v.FieldByName(name); !f.IsZero() { // the shallowest: a Kernel's own before the one that it holds
			fields = append(fields, Field{name, f.Interface()})
		}
	}
	return fields
}

// TypeName is the name of a structure's type in runtime/kernel.
func TypeName(structure any) string { return reflect.TypeOf(structure).Name() }
