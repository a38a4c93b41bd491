package resc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/compiler/verify"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
	"github.com/resc-lang/resc/runtime/packed"
	"github.com/resc-lang/resc/runtime/preprocess"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// zeroValues are of the public types with methods, save those that only a function of
// the compiler makes: a Program, and the nodes of a syntax tree.
var zeroValues = []any{
	new(checkpoint.File), new(checkpoint.Mapping), new(checkpoint.Matcher), new(checkpoint.MisfitError),
	new(compiler.Imported), new(compiler.Network), new(compiler.Report), new(compiler.Session), new(compiler.Value),
	new(dsl.Diagnostic), new(dsl.Diagnostics), new(dsl.Edit), new(dsl.Source), new(dsl.Span), new(dsl.Trivia),
	new(packed.File), new(packed.FormatError),
	new(preprocess.Filter), new(preprocess.RGB),
	new(runtime.Loader), new(runtime.PackedError), new(runtime.Session[int, zeroBatch]), new(runtime.Sizes), new(runtime.Tensor),
	new(runtime.Weights), new(runtime.WeightsError),
	new(safetensors.DType), new(safetensors.File), new(safetensors.FormatError), new(safetensors.Tensor),
	new(verify.Report),
	(*runtime.Session[int, zeroBatch])(nil),
}

type zeroBatch struct{}

func (zeroBatch) Image(*kernel.Threads, *int, int) error { return nil }

// notOfZero are methods that panic by what they are called with here: an index of
// nothing, the specification of no layer, a File that is nil.
var notOfZero = map[string]bool{
	"*packed.File.Bytes": true, "*runtime.Tensor.Image": true, "*runtime.Loader.Filter": true, "*checkpoint.File.OnClose": true,
}

// TestZeroValues calls every method of zero values: it works, or returns an error.
func TestZeroValues(t *testing.T) {
	for _, zero := range zeroValues {
		v := reflect.ValueOf(zero)
		for i := range v.NumMethod() {
			name := fmt.Sprintf("%T.%s", zero, v.Type().Method(i).Name)
			if notOfZero[name] {
				continue
			}
			t.Run(name, func(t *testing.T) {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("panics: %v", r)
					}
				}()
				v := v
				if !v.IsNil() {
					v = reflect.New(v.Type().Elem()) // that no method has touched
				}
				m := v.Method(i)
				var args []reflect.Value
				for j := range m.Type().NumIn() {
					switch in := m.Type().In(j); {
					case m.Type().IsVariadic() && j == m.Type().NumIn()-1:
					case in == reflect.TypeFor[io.Writer]():
						args = append(args, reflect.ValueOf(new(bytes.Buffer)))
					case in == reflect.TypeFor[context.Context]():
						args = append(args, reflect.ValueOf(t.Context()))
					default:
						args = append(args, reflect.Zero(in))
					}
				}
				m.Call(args)
			})
		}
	}
}

// TestZeroWeights loads a network from nothing: every weight is missing.
func TestZeroWeights(t *testing.T) {
	p, ds := compiler.Compile(dsl.NewSource("m.res", "model m {\n    input image [3, 8, 8]\n    c: conv 1x1, 4\n}\n"), compiler.Options{})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	open := func(w *runtime.Weights) func() (*compiler.Network, error) {
		return func() (*compiler.Network, error) { return p.Open(w) }
	}
	for name, load := range map[string]func() (*compiler.Network, error){
		"nil weights":     open(nil),
		"zero weights":    open(new(runtime.Weights)),
		"nil file":        func() (*compiler.Network, error) { return p.Load(nil) },
		"zero file":       func() (*compiler.Network, error) { return p.Load(new(safetensors.File)) },
		"weights of none": open(runtime.CheckpointWeights(nil)),
	} {
		_, err := load()
		if missing, ok := err.(*runtime.WeightsError); !ok || len(missing.Missing) != 1 || missing.Missing[0] != "c.weight" {
			t.Errorf("%s: error %v", name, err)
		}
	}
	s := new(compiler.Network).NewSession()
	for _, s := range []*compiler.Session{s, new(compiler.Session)} {
		if err := s.Run(t.Context(), nil, 8, 8, nil); err != runtime.ErrClosed {
			t.Errorf("a session of nothing: error %v", err)
		}
		s.Close()
	}
}
