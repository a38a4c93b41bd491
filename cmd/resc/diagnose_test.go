package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/checkpoint"
	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// weightsOf is the entries of a model with parameters.
func weightsOf(t *testing.T, model string, set map[string]string) []checkpoint.Entry {
	t.Helper()
	m := &modelArgs{Model: model, overrides: overrides{Set: set}}
	p, err := m.compile(newApp(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return entries(p)
}

// renamed is entries whose names have old and new in turn replaced.
func renamed(entries []checkpoint.Entry, pairs ...string) []checkpoint.Entry {
	r := strings.NewReplacer(pairs...)
	list := slices.Clone(entries)
	for i := range list {
		list[i].Name = r.Replace(list[i].Name)
	}
	return list
}

// behind is entries with a prefix before their names.
func behind(prefix string, entries []checkpoint.Entry) []checkpoint.Entry {
	list := slices.Clone(entries)
	for i := range list {
		list[i].Name = prefix + list[i].Name
	}
	return list
}

// without is entries but those whose names begin with a prefix.
func without(entries []checkpoint.Entry, prefix string) []checkpoint.Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e checkpoint.Entry) bool { return strings.HasPrefix(e.Name, prefix) })
}

// with is entries and further ones of one element.
func with(entries []checkpoint.Entry, names ...string) []checkpoint.Entry {
	list := slices.Clone(entries)
	for _, n := range names {
		list = append(list, checkpoint.Entry{Name: n, Shape: []int{1}})
	}
	return list
}

// TestLikelyCause has the typical mistakes, each of which has one cause.
func TestLikelyCause(t *testing.T) {
	resnet18 := weightsOf(t, "std/resnet18", nil)
	resnet50 := weightsOf(t, "std/resnet50", nil)
	head := func(classes, features int) []checkpoint.Entry {
		return []checkpoint.Entry{{Name: "fc.weight", Shape: []int{classes, features}}, {Name: "fc.bias", Shape: []int{classes}}}
	}
	fixed := filepath.Join(t.TempDir(), "fixed.res")
	if err := os.WriteFile(fixed, []byte("model fixed {\n    input image [3, 32, 32]\n    conv1: conv 3x3, 8\n    avgpool\n    fc: linear 10\n}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	type mistake struct {
		name, model string
		file        []checkpoint.Entry
		want        string
	}
	mistakes := []mistake{
		{"head missing", "std/resnet18", without(resnet18, "fc."),
			"the file lacks fc: it fits with --allow-missing fc, which puts zeros in its place"},
		{"head missing behind a prefix", "std/resnet18", behind("state_dict.module.", without(resnet18, "fc.")),
			"the file lacks fc: it fits with --allow-missing fc, which puts zeros in its place"},
		{"head of another size", "std/resnet18", append(without(resnet18, "fc."), head(10, 512)...),
			"the file is of other parameters, and fits with --set classes=10"},
		{"head of another size, which is fixed", fixed, append(without(weightsOf(t, fixed, nil), "fc."), head(100, 8)...),
			"the file has fc in another shape: it fits with --allow-missing fc --allow-extra fc, which puts zeros in its place"},
		{"head of another name", "std/resnet18", renamed(resnet18, "fc.", "my_head."),
			"the file lacks fc, and has my_head, which the model does not read: it fits with --allow-missing fc --allow-extra my_head, which puts zeros in its place"},
		{"one tensor missing", "std/resnet18", without(resnet18, "layer3.1.bn2.bias"),
			"the file lacks layer3.1.bn2.bias: it fits with --allow-missing layer3.1.bn2.bias, which puts zeros in its place"},
		{"one layer missing", "std/resnet18", without(resnet18, "layer3.1.bn2."),
			"the file lacks layer3.1.bn2: it fits with --allow-missing layer3.1.bn2, which puts zeros in its place"},
		{"one tensor more", "std/resnet18", with(resnet18, "best_acc1"),
			"the file has best_acc1, which the model does not read: it fits with --allow-extra best_acc1"},
		{"a layer more", "std/resnet18", with(resnet18, "aux.conv.weight", "aux.fc.weight", "aux.fc.bias"),
			"the file has aux, which the model does not read: it fits with --allow-extra aux"},
		{"another depth", "std/cifar_resnet", weightsOf(t, "std/cifar_resnet", map[string]string{"depth": "32"}),
			"the file is of other parameters, and fits with --set depth=32"},
		{"another depth, without its head", "std/cifar_resnet", without(weightsOf(t, "std/cifar_resnet", map[string]string{"depth": "32"}), "fc."),
			"the file lacks fc: it fits with --set depth=32 --allow-missing fc, which puts zeros in its place"},
		{"another policy", "std/cifar_resnet", weightsOf(t, "std/cifar_resnet", map[string]string{"shortcut": "C"}),
			"the file is of other parameters, and fits with --set shortcut=C"},
		{"another depth of the library's", "std/resnet18", weightsOf(t, "std/resnet34", nil),
			"the file is of another network, and fits std/resnet34"},
		{"an unknown prefix", "std/resnet18", behind("my.net.", resnet18),
			"the weights are a part of the file, which --from my.net reads"},
		{"another copy beside", "std/resnet18", append(behind("model.", resnet18), behind("swa.", resnet18)...),
			"several parts of the file fit: --from model, or --from swa"},
		{"a moving average without its head", "std/resnet18", append(behind("model.", without(resnet18, "fc.")), behind("ema.", without(resnet18, "fc."))...),
			"the file lacks fc: it fits with --allow-missing fc, which puts zeros in its place"},
	}
	if !testing.Short() { // the whole library is searched for each
		mistakes = append(mistakes, []mistake{
			{"another width", "std/resnet50", weightsOf(t, "std/wide_resnet50_2", nil),
				"the file is of another network, and fits std/wide_resnet50_2"},
			{"bottlenecks for basic blocks", "std/resnet34", resnet50,
				"the file is of another network, and fits std/resnet50 and std/resnet50_v1, whose entries are the same: names and shapes do not tell them apart"},
			{"basic blocks for bottlenecks, without their head", "std/resnet50", without(resnet18, "fc."),
				"the file is of another network, and fits std/resnet18 --allow-missing fc"},
			{"a prefix before some names", "std/resnet18", append(behind("module.", without(resnet18, "fc.")), head(1000, 512)...),
				"nothing fits; the closest is std/resnet18: the file has 100 of its 102 entries, and 4 faults remain"},
			{"another family's names", "std/resnet18", renamed(resnet18, "layer", "etage", "conv", "faltung", "bn", "norm", "weight", "gewicht"),
				"the file has the model's shapes under names that no rule knows, as faltung1.gewicht"},
			{"a whole other network", "std/resnet18", []checkpoint.Entry{{Name: "features.0.weight", Shape: []int{64, 3, 3, 3}}, {Name: "classifier.6.weight", Shape: []int{1000, 4096}}},
				"the file is of a network that is not in the standard library, or its names are"},
		}...)
	}
	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			var ws []fixture.Weight
			for _, e := range c.file {
				ws = append(ws, fixture.Weight(e))
			}
			file, err := safetensors.New(fixture.Tensors(ws)...)
			if err != nil {
				t.Fatal(err)
			}
			likelyCause(t, c.model, &checkpoint.File{File: file}, c.want)
		})
	}
}

// likelyCause compares the cause why a file does not fit a model.
func likelyCause(t *testing.T, model string, f *checkpoint.File, want string) {
	t.Helper()
	m := &modelArgs{Model: model}
	p, err := m.compile(newApp(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	_, err = checkpoint.Match(f, entries(p), checkpoint.Options{})
	var misfit *checkpoint.MisfitError
	if !errors.As(err, &misfit) {
		t.Fatalf("error %v", err)
	}
	if got := m.diagnose(p, f, misfit); !slices.Equal(got, []string{want}) {
		t.Errorf("causes %q,\n  want %q", got, want)
	}
}

// TestQuantised has weights of types that are not read.
func TestQuantised(t *testing.T) {
	var tensors []safetensors.Tensor
	for _, e := range weightsOf(t, "std/cifar_resnet", nil) {
		tensors = append(tensors, safetensors.NewTensor(e.Name, "I8", e.Shape, nil))
	}
	file, err := safetensors.New(tensors...)
	if err != nil {
		t.Fatal(err)
	}
	likelyCause(t, "std/cifar_resnet", &checkpoint.File{File: file},
		"the file is of a quantised model (conv1.weight is I8), which is not read: save the model in floating point")
	file, err = safetensors.New()
	if err != nil {
		t.Fatal(err)
	}
	likelyCause(t, "std/cifar_resnet", &checkpoint.File{File: file, Extras: []checkpoint.Extra{{Name: "conv1.weight", Value: "an object (torch.QInt8Storage)"}}},
		"the file is of a quantised model (conv1.weight is an object (torch.QInt8Storage)), which is not read: save the model before it is converted")
}
