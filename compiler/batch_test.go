package compiler

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/resc-lang/resc/internal/allocs"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime"
)

// TestRunBatch wants the bits of Run from batches of any size on any number of
// threads, and no allocation once a batch has run and the session is prepared.
func TestRunBatch(t *testing.T) {
	src, err := Load("std/cifar_resnet")
	if err != nil {
		t.Fatal(err)
	}
	p, ds := Compile(src, Options{})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	var ws []fixture.Weight
	for _, w := range p.Weights() {
		ws = append(ws, fixture.Weight{Name: w.Name, Shape: w.Shape})
	}
	network, err := p.Load(fixture.Checkpoint(ws))
	if err != nil {
		t.Fatal(err)
	}
	const most, side, classes = 7, 32, 10
	ctx := context.Background()
	images := fixture.Fill(fixture.InputName, []int{most, 3, side, side})
	want := make([]float32, most*classes)
	single := network.NewSession(runtime.Threads(1))
	defer single.Close()
	for i := range most {
		image := images[i*3*side*side:][:3*side*side]
		if err := single.Run(ctx, image, side, side, [][]float32{want[i*classes:][:classes]}); err != nil {
			t.Fatal(err)
		}
	}
	for _, threads := range []int{1, 2, 3, 8} {
		session := network.NewSession(runtime.Threads(threads))
		for n := range most + 1 {
			t.Run(fmt.Sprintf("%d/%d", threads, n), func(t *testing.T) {
				outputs := [][]float32{make([]float32, n*classes)}
				run := func() {
					if err := session.RunBatch(ctx, n, images[:n*3*side*side], side, side, outputs); err != nil {
						t.Fatal(err)
					}
				}
				run()
				if !slices.Equal(outputs[0], want[:n*classes]) {
					t.Error("other bits than one by one")
				}
			})
		}
		outputs := [][]float32{make([]float32, most*classes)}
		if err := session.Prepare(); err != nil {
			t.Fatal(err)
		}
		n := allocs.Least(10, func() {
			if err := session.RunBatch(ctx, most, images, side, side, outputs); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%d threads: %d allocations in ten batches", threads, n)
		}
		if err := session.RunBatch(ctx, 2, images[:3*side*side], side, side, outputs); err == nil {
			t.Error("one image for a batch of two")
		}
		session.Close()
	}
}
