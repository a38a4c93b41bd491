package compiler

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// overflowingWeights are those of a network of 10 classes, with a layer that overflows.
func overflowingWeights(t *testing.T, p *Program) *safetensors.File {
	t.Helper()
	var tensors []safetensors.Tensor
	for _, w := range p.Weights() {
		values := fixture.Fill(w.Name, w.Shape)
		if w.Name == "layer2.0.conv2.weight" || w.Name == "layer2.1.conv1.weight" {
			for i := range values {
				values[i] *= 1e30
			}
		}
		tensors = append(tensors, safetensors.FromFloat32(w.Name, w.Shape, values))
	}
	f, err := safetensors.New(tensors...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestExplainNotFinite names the layer that overflows, in a session that computed an image
// of NaN before, and not where weights are finite.
func TestExplainNotFinite(t *testing.T) {
	src, err := Load("std/cifar_resnet")
	if err != nil {
		t.Fatal(err)
	}
	p, ds := Compile(src, Options{})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	const side = 32
	good := fixture.Fill(fixture.InputName, []int{3, side, side})
	bad := slices.Clone(good)
	bad[len(bad)-1] = float32(math.NaN())
	large := overflowingWeights(t, p)
	for name, c := range map[string]struct {
		weights *safetensors.File
		image   []float32
		want    string // "" is none
	}{
		"finite": {fixture.Checkpoint(weightsOf(p)), good, ""},
		"input":  {fixture.Checkpoint(weightsOf(p)), bad, "the input has values that are infinite or not a number"},
		"layer":  {large, good, "the first values to overflow are those of layer2.1.conv1 (conv 3x3 32 pad 1, layer2.1.bn1, relu, std/blocks.res:"},
	} {
		network, err := p.Load(c.weights)
		if err != nil {
			t.Fatal(err)
		}
		s := network.NewSession(runtime.Threads(2))
		outputs := [][]float32{make([]float32, 10)}
		if err := s.Run(context.Background(), bad, side, side, outputs); err != nil || runtime.CheckFinite(outputs[0]) == nil {
			t.Errorf("%s: %v of an image with NaN, error %v", name, outputs, err)
		}
		err = s.ExplainNotFinite(context.Background(), c.image, side, side)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, runtime.ErrNotFinite) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.ExplainNotFinite(ctx, good, side, side); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: after the end of the context error %v", name, err)
		}
		if err := s.ExplainNotFinite(context.Background(), good, side, side+1); err == nil || errors.Is(err, runtime.ErrNotFinite) {
			t.Errorf("%s: an image of another size: error %v", name, err)
		}
		s.Close()
		if err := s.ExplainNotFinite(context.Background(), good, side, side); !errors.Is(err, runtime.ErrClosed) {
			t.Errorf("%s: after Close error %v", name, err)
		}
	}
}

// TestExplainNotFiniteTruncated truncates the file of packed weights before a session runs
// the image again: an error, where the process would end otherwise.
func TestExplainNotFiniteTruncated(t *testing.T) {
	src, err := Load("std/cifar_resnet")
	if err != nil {
		t.Fatal(err)
	}
	p, ds := Compile(src, Options{})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	path := filepath.Join(t.TempDir(), "net.resw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Pack(f, overflowingWeights(t, p)), f.Close()); err != nil {
		t.Fatal(err)
	}
	w, err := runtime.OpenWeights(path)
	if err != nil {
		t.Fatal(err)
	}
	network, err := p.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	s := network.NewSession(runtime.Threads(1))
	defer s.Close()
	if err := os.Truncate(path, 1<<12); err != nil {
		t.Skip(err) // Windows keeps a mapped file's size
	}
	err = s.ExplainNotFinite(context.Background(), fixture.Fill(fixture.InputName, []int{3, 32, 32}), 32, 32)
	if !errors.Is(err, runtime.ErrFileChanged) {
		t.Errorf("error %v", err)
	}
}
