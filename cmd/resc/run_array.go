package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/npy"
)

// inputShape is the shape to compile for: the array's, which a --shape must agree
// with, and otherwise the declared input in its channels.
func (m *modelArgs) inputShape(ctx context.Context, name string, array, shape []int) ([]int, error) {
	if len(array) == 3 {
		array = append([]int{1}, array...)
	}
	if len(array) != 4 || slices.Contains(array, 0) {
		return nil, fmt.Errorf("%s has shape %s, but an input is NxCxHxW", name, compiler.Dims(array))
	}
	if len(shape) == 3 {
		shape = append([]int{array[0]}, shape...)
	}
	if shape != nil && !slices.Equal(shape, array) {
		return nil, usagef("--shape %s differs from that of %s, %s", compiler.Dims(shape), name, compiler.Dims(array))
	}
	if shape == nil {
		// What is wrong with the model as it is declared is said when it is compiled
		// for the array.
		if src, err := m.load(ctx); err == nil {
			p, _ := compiler.Compile(src, compiler.Options{Set: m.Set})
			if p != nil {
				if channels, _, _ := p.Input(); channels != array[1] {
					return nil, fmt.Errorf("%s has shape %s, %d channels, and the model's input has %d; --shape replaces it", name, compiler.Dims(array), array[1], channels)
				}
			}
		}
	}
	return array, nil
}

// rows are the images of an array.
type rows struct {
	name   string
	shape  []int // NCHW
	values []float32
}

func newRows(name string, array *npy.Array) *rows {
	shape := array.Shape
	if len(shape) == 3 {
		shape = append([]int{1}, shape...)
	}
	return &rows{name, shape, array.AsFloat32()}
}

func (r *rows) count() int { return r.shape[0] }

func (r *rows) input(_ context.Context, i int) (name string, inputs [][]float32, height, width int, err error) {
	size := r.shape[1] * r.shape[2] * r.shape[3]
	return fmt.Sprintf("%s[%d]", r.name, i), [][]float32{r.values[i*size : (i+1)*size]}, r.shape[2], r.shape[3], nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
