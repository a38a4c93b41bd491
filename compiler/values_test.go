package compiler

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/stdlib"
)

// TestFusedValuesAsOutputs makes every value that a fused network holds an output:
// the kernels stay the same, with the same algorithms.
func TestFusedValuesAsOutputs(t *testing.T) {
	for _, name := range stdlib.Models() {
		t.Run(name, func(t *testing.T) {
			src, err := Load("std/" + name)
			if err != nil {
				t.Fatal(err)
			}
			p := compile(t, "std/"+name, nil)
			var outputs []Output
			for _, v := range p.Values() {
				if v.Fused {
					outputs = append(outputs, Output{v.Name, v.Name})
				}
			}
			q, ds := Compile(src, Options{Outputs: outputs})
			if ds.HasErrors() {
				t.Fatal(ds[0])
			}
			if a, b := kernels(p), kernels(q); !slices.Equal(a, b) {
				t.Errorf("%d kernels with %d outputs, and %d without:\n%s", len(b), len(outputs), len(a), strings.Join(b, "\n"))
			}
		})
	}
}

// kernels lists a program's calls but for those that export.
func kernels(p *Program) []string {
	var list []string
	for _, l := range p.Layers() {
		if l.Kernel != "Export" {
			list = append(list, fmt.Sprint(l.Name, " ", l.Op, " ", l.Algorithm))
		}
	}
	return list
}

// TestOutputs chooses outputs inside of a network: what they do not need is not
// computed, its weights are not asked for and not complained of, and its values
// are those of the whole network.
func TestOutputs(t *testing.T) {
	src, err := Load("std/cifar_resnet")
	if err != nil {
		t.Fatal(err)
	}
	whole := compile(t, "std/cifar_resnet", nil)
	p, ds := Compile(src, Options{Outputs: []Output{{"c3", "layer2"}, {"inner", "layer1.1.bn2"}, {"again", "layer1.1.relu#2"}}})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	if p.MACs() >= whole.MACs() || p.Classes() != nil || len(p.Weights()) >= len(whole.Weights()) {
		t.Errorf("%d of %d multiply-adds, %d of %d weights, classes %v", p.MACs(), whole.MACs(), len(p.Weights()), len(whole.Weights()), p.Classes())
	}
	if want := []string{"layer3.", "fc."}; !slices.Equal(p.schedule.Idle, want) {
		t.Errorf("idle are %q, want %q", p.schedule.Idle, want)
	}
	for _, l := range p.Layers() {
		if strings.HasPrefix(l.Name, "layer3") || l.Name == "fc" {
			t.Errorf("%s is computed", l.Name)
		}
	}
	// The checkpoint is the whole network's.
	n, err := p.Load(fixture.Checkpoint(weightsOf(whole)))
	if err != nil {
		t.Fatal(err)
	}
	s := n.NewSession(runtime.Threads(1))
	defer s.Close()
	image := fixture.Fill(fixture.InputName, []int{3, 32, 32})
	got := [][]float32{make([]float32, 32*16*16), make([]float32, 16*32*32), make([]float32, 16*32*32)}
	if err := s.Run(t.Context(), image, 32, 32, got); err != nil {
		t.Fatal(err)
	}
	all, ds := Compile(src, Options{Outputs: []Output{{"layer1.1", "layer1.1"}, {"layer2", "layer2"}, {"fc", "fc"}}})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	m, err := all.Load(fixture.Checkpoint(weightsOf(whole)))
	if err != nil {
		t.Fatal(err)
	}
	r := m.NewSession(runtime.Threads(1))
	defer r.Close()
	want := [][]float32{make([]float32, 16*32*32), make([]float32, 32*16*16), make([]float32, 10)}
	if err := r.Run(t.Context(), image, 32, 32, want); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0], want[1]) || !slices.Equal(got[2], want[0]) {
		t.Error("the values differ from those of the whole network")
	}
}

// TestOutputErrors names what is near.
func TestOutputErrors(t *testing.T) {
	src, err := Load("std/cifar_resnet")
	if err != nil {
		t.Fatal(err)
	}
	_, ds := Compile(src, Options{Outputs: []Output{{"a", "layer2.0.con1"}, {"b", "layer1"}, {"b", "layer2"}, {"c", "everything"}}})
	want := []string{
		"model cifar_resnet has no value called layer2.0.con1: did you mean --outputs a=layer2.0.conv1?",
		"there is an output b already",
		"model cifar_resnet has no value called everything: resc report shows",
	}
	if len(ds) != len(want) {
		t.Fatal(ds)
	}
	for i, d := range ds {
		text := d.Message
		if d.Hint != nil {
			text += ": " + d.Hint.Message
		}
		if !strings.HasPrefix(text, want[i]) {
			t.Errorf("%q, want %q", text, want[i])
		}
	}
}
