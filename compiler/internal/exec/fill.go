package exec

import (
	"fmt"
	"reflect"

	"github.com/resc-lang/resc/compiler/internal/plan"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/runtime/kernel"
)

// size is one size of a model's input; nil is the largest.
type size struct{ height, width int }

// of is a dimension for that size of input.
func (s *size) of(d shape.Dim) int {
	switch r := d.Range(); {
	case s == nil || r == nil:
		return d.Max()
	case r.Name == "width":
		return d.At(s.width)
	}
	return d.At(s.height)
}

// words are the constants of runtime/kernel that schedules name.
var words = map[plan.Word]any{
	"NoActivation": kernel.NoActivation, "ReLU": kernel.ReLU, "ReLU6": kernel.ReLU6,
	"SiLU": kernel.SiLU, "HardSwish": kernel.HardSwish, "Sigmoid": kernel.Sigmoid,
	"Direct": kernel.Direct, "Winograd2": kernel.Winograd2, "Winograd4": kernel.Winograd4, "WinogradFour": kernel.WinogradFour, "WinogradRows": kernel.WinogradRows,
	"Strassen": kernel.Strassen, "Strassen2": kernel.Strassen2,
}

// fill sets the fields of a structure of runtime/kernel as emitted code's
// literals do.
func fill(dst any, fields []plan.Field, s *size) {
	v := reflect.ValueOf(dst).Elem()
	for _, f := range fields {
		field := v.FieldByName(f.Name)
		if !field.IsValid() {
			panic(fmt.Sprintf("exec: %T has no field %s", dst, f.Name))
		}
		switch value := f.Value.(type) {
		case int:
			if value != 0 || field.Kind() == reflect.Int {
				field.SetInt(int64(value))
			}
		case bool:
			field.SetBool(value)
		case plan.Word:
			if value != "" {
				field.Set(reflect.ValueOf(words[value]))
			}
		case plan.Layout:
			if value.C != 0 {
				field.Set(reflect.ValueOf(kernel.Layout{C: value.C, H: s.of(value.H), W: s.of(value.W), Halo: value.Halo, Block: value.Block}))
			}
		case plan.Struct:
			fill(field.Addr().Interface(), value.Fields, s)
		default:
			panic(fmt.Sprintf("exec: no field of type %T", value))
		}
	}
}
