package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/npy"
)

// await returns what read does, or ctx's error where that ends first: opening and reading
// a pipe wait for its other end, for as long as the process lives. It is for whatever
// reads a file that may be one.
func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value    T
		err      error
		panicked any
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			done <- r
		}()
		r.value, r.err = read()
	}()
	select {
	case r := <-done:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// load reads a .res file.
func load(ctx context.Context, name string) (*dsl.Source, error) {
	return await(ctx, func() (*dsl.Source, error) { return compiler.Load(name) })
}

// readArray reads an .npy file.
func (a *app) readArray(name string) (*npy.Array, error) {
	return await(a.ctx, func() (*npy.Array, error) { return npy.ReadFile(name) })
}
