package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/fixture"
	"github.com/resc-lang/resc/internal/golden"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// tiny are the entries of a network with one bottleneck.
var tiny = func() []Entry {
	var list []Entry
	add := func(name string, shape ...int) { list = append(list, Entry{name, shape}) }
	norm := func(name string, n int) {
		for _, last := range []string{"weight", "bias", "running_mean", "running_var"} {
			add(name+"."+last, n)
		}
	}
	add("conv1.weight", 2, 3, 3, 3)
	norm("bn1", 2)
	add("layer1.0.conv1.weight", 2, 2, 1, 1)
	norm("layer1.0.bn1", 2)
	add("layer1.0.conv2.weight", 2, 2, 3, 3)
	norm("layer1.0.bn2", 2)
	add("layer1.0.conv3.weight", 4, 2, 1, 1)
	norm("layer1.0.bn3", 4)
	add("layer1.0.downsample.0.weight", 4, 2, 1, 1)
	norm("layer1.0.downsample.1", 4)
	add("fc.weight", 3, 4)
	add("fc.bias", 3)
	return list
}()

// file is a checkpoint of entries, with values that follow from their names.
func file(t testing.TB, entries []Entry) *File {
	t.Helper()
	var ws []fixture.Weight
	for _, e := range entries {
		ws = append(ws, fixture.Weight(e))
	}
	f, err := safetensors.New(fixture.Tensors(ws)...)
	if err != nil {
		t.Fatal(err)
	}
	return &File{File: f}
}

// named is tiny with parts of its names replaced, old and new in turn.
func named(pairs ...string) []Entry {
	r := strings.NewReplacer(pairs...)
	var list []Entry
	for _, e := range tiny {
		list = append(list, Entry{r.Replace(e.Name), e.Shape})
	}
	return list
}

// behind puts a prefix before all names.
func behind(prefix string, entries []Entry) []Entry {
	var list []Entry
	for _, e := range entries {
		list = append(list, Entry{prefix + e.Name, e.Shape})
	}
	return list
}

func without(entries []Entry, prefix string) []Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return strings.HasPrefix(e.Name, prefix) })
}

func with(entries []Entry, names ...string) []Entry {
	entries = slices.Clone(entries)
	for _, n := range names {
		entries = append(entries, Entry{n, []int{1}})
	}
	return entries
}

// keras is tiny as Keras lays it out and names it, with biased convolutions.
func keras() []Entry {
	r := strings.NewReplacer("layer1.0.downsample.0.", "conv2_block1_0_conv/", "layer1.0.downsample.1.", "conv2_block1_0_bn/",
		"layer1.0.conv", "conv2_block1_", "layer1.0.bn", "conv2_block1_", "conv1.", "conv1_conv/", "bn1.", "conv1_bn/", "fc.", "predictions/")
	var list []Entry
	for _, e := range tiny {
		name := r.Replace(e.Name)
		for i := range 3 {
			what := "_bn/"
			if strings.Contains(e.Name, "conv") {
				what = "_conv/"
			}
			name = strings.Replace(name, fmt.Sprintf("conv2_block1_%d.", i+1), fmt.Sprintf("conv2_block1_%d%s", i+1, what), 1)
		}
		shape := e.Shape
		switch len(shape) {
		case 4:
			name = strings.Replace(name, "weight", "kernel:0", 1)
			shape = []int{shape[2], shape[3], shape[1], shape[0]}
			bias, _, _ := strings.Cut(name, "/")
			list = append(list, Entry{bias + "/bias:0", shape[3:]})
		case 2:
			name = strings.Replace(name, "weight", "kernel:0", 1)
			shape = []int{shape[1], shape[0]}
		default:
			name = strings.NewReplacer("weight", "gamma:0", "predictions/bias", "predictions/bias:0", "bias", "beta:0",
				"running_mean", "moving_mean:0", "running_var", "moving_variance:0").Replace(name)
		}
		list = append(list, Entry{name, shape})
	}
	return list
}

// cases are files for tiny: for each rule one that it fits, and one for each kind
// of misfit.
var cases = []struct {
	name     string
	entries  func() []Entry
	options  Options
	dicts    []string // nested dictionaries that hold tensors
	headless bool
	model    []Entry // nil for tiny
}{
	{name: "as it is", entries: func() []Entry { return named() }},
	{name: "num_batches_tracked", entries: func() []Entry { return with(tiny, "bn1.num_batches_tracked", "total_ops") }},
	{name: "DataParallel", entries: func() []Entry { return behind("module.", tiny) }},
	{name: "prefixes in a row", entries: func() []Entry {
		return with(behind("state_dict._orig_mod.module.backbone.", tiny), "optimizer.state.0.momentum_buffer", "queue")
	}},
	{name: "a moving average beside", entries: func() []Entry {
		return append(behind("state_dict.", tiny), behind("state_dict_ema.module.", with(tiny, "bn1.num_batches_tracked"))...)
	}},
	{name: "a moving average, chosen", options: Options{From: "state_dict_ema"}, entries: func() []Entry {
		return append(behind("state_dict.", tiny), behind("state_dict_ema.", tiny)...)
	}},
	{name: "a moving average alone", entries: func() []Entry { return behind("model_ema.", tiny) }},
	{name: "OpenMMLab's averages", entries: func() []Entry { return with(tiny, "ema_conv1_weight") }},
	{name: "akamaster", entries: func() []Entry { return named("fc.", "linear.") }},
	{name: "kuangliu", entries: func() []Entry { return named("fc.", "linear.", "downsample", "shortcut") }},
	{name: "a classifier's other name", entries: func() []Entry { return named("fc.", "last_linear.") }},
	{name: "a classifier by convolution", entries: func() []Entry {
		return append(without(tiny, "fc."), Entry{"head.fc.weight", []int{3, 4, 1, 1}}, Entry{"head.fc.bias", []int{3}})
	}},
	{name: "pytorch-cifar100", entries: func() []Entry {
		return named("layer1.0.conv1.", "conv2_x.0.residual_function.0.", "layer1.0.bn1.", "conv2_x.0.residual_function.1.",
			"layer1.0.conv2.", "conv2_x.0.residual_function.3.", "layer1.0.bn2.", "conv2_x.0.residual_function.4.",
			"layer1.0.conv3.", "conv2_x.0.residual_function.6.", "layer1.0.bn3.", "conv2_x.0.residual_function.7.",
			"layer1.0.downsample.", "conv2_x.0.shortcut.", "conv1.", "conv1.0.", "bn1.", "conv1.1.")
	}},
	{name: "detectron2", entries: func() []Entry {
		return named("layer1.0.downsample.0.", "res2.0.shortcut.", "layer1.0.downsample.1.", "res2.0.shortcut.norm.",
			"layer1.0.bn1.", "res2.0.conv1.norm.", "layer1.0.bn2.", "res2.0.conv2.norm.", "layer1.0.bn3.", "res2.0.conv3.norm.",
			"layer1.0.conv1.", "res2.0.conv1.", "layer1.", "res2.", "conv1.", "stem.conv1.", "bn1.", "stem.conv1.norm.", "fc.", "stem.fc.")
	}},
	{name: "Caffe2", entries: func() []Entry {
		list := named("layer1.0.downsample.0.", "res2_0_branch1_", "layer1.0.downsample.1.", "res2_0_branch1_bn_",
			"layer1.0.bn1.", "res2_0_branch2a_bn_", "layer1.0.bn2.", "res2_0_branch2b_bn_", "layer1.0.bn3.", "res2_0_branch2c_bn_",
			"layer1.0.conv1.", "res2_0_branch2a_", "layer1.0.conv2.", "res2_0_branch2b_", "layer1.0.conv3.", "res2_0_branch2c_",
			"conv1.", "conv1_", "bn1.", "res_conv1_bn_", "fc.", "fc1000_")
		for i, e := range list {
			last := [...]string{"w", "b"}
			if strings.Contains(e.Name, "_bn_") {
				last = [...]string{"gamma", "beta"}
			}
			list[i].Name = strings.NewReplacer("_weight", "_"+last[0], "_bias", "_"+last[1]).Replace(e.Name)
		}
		return with(behind("blobs.", append(list, Entry{"conv1_b", []int{2}})), "blobs.conv1_w_momentum")
	}},
	{name: "detectron2's detector", headless: true, entries: func() []Entry {
		return with(behind("model.backbone.bottom_up.", without(named("layer1.0.downsample.0.", "res2.0.shortcut.", "layer1.0.downsample.1.", "res2.0.shortcut.norm.",
			"layer1.0.bn1.", "res2.0.conv1.norm.", "layer1.0.bn2.", "res2.0.conv2.norm.", "layer1.0.bn3.", "res2.0.conv3.norm.",
			"layer1.0.conv1.", "res2.0.conv1.", "layer1.", "res2.", "conv1.", "stem.conv1.", "bn1.", "stem.conv1.norm."), "fc.")), "model.backbone.fpn_lateral2.weight", "model.roi_heads.box_head.weight")
	}},
	{name: "OpenMMLab's classifier", entries: func() []Entry {
		return append(behind("state_dict.backbone.", without(tiny, "fc.")), Entry{"state_dict.head.fc.weight", []int{3, 4}}, Entry{"state_dict.head.fc.bias", []int{3}})
	}},
	{name: "OpenMMLab's detector", headless: true, entries: func() []Entry {
		return with(behind("state_dict.backbone.", without(tiny, "fc.")), "state_dict.neck.lateral.weight", "state_dict.rpn_head.conv.bias")
	}},
	{name: "Transformers", entries: func() []Entry {
		return named("layer1.0.downsample.0.", "resnet.encoder.stages.0.layers.0.shortcut.convolution.", "layer1.0.downsample.1.", "resnet.encoder.stages.0.layers.0.shortcut.normalization.",
			"layer1.0.conv1.", "resnet.encoder.stages.0.layers.0.layer.0.convolution.", "layer1.0.bn1.", "resnet.encoder.stages.0.layers.0.layer.0.normalization.",
			"layer1.0.conv2.", "resnet.encoder.stages.0.layers.0.layer.1.convolution.", "layer1.0.bn2.", "resnet.encoder.stages.0.layers.0.layer.1.normalization.",
			"layer1.0.conv3.", "resnet.encoder.stages.0.layers.0.layer.2.convolution.", "layer1.0.bn3.", "resnet.encoder.stages.0.layers.0.layer.2.normalization.",
			"conv1.", "resnet.embedder.embedder.convolution.", "bn1.", "resnet.embedder.embedder.normalization.", "fc.", "classifier.1.")
	}},
	{name: "timm's pre-activation", entries: func() []Entry {
		return named("layer1.0.downsample.0.", "stages.0.blocks.0.downsample.conv.", "layer1.0.bn", "stages.0.blocks.0.norm", "layer1.0.conv", "stages.0.blocks.0.conv",
			"conv1.", "stem.conv.", "fc.", "head.fc.")
	}},
	{name: "Keras", entries: keras},
	{name: "a classifier too many", headless: true, entries: func() []Entry { return named() }},
	{name: "a classifier allowed to be absent", options: Options{AllowMissing: []string{"fc"}}, entries: func() []Entry { return without(tiny, "fc.") }},
	{name: "an extra entry allowed", options: Options{AllowExtra: []string{"mask"}}, entries: func() []Entry { return with(tiny, "mask.weight", "mask.bias") }},
	{name: "a classifier to be dropped", options: Options{AllowMissing: []string{"fc"}, AllowExtra: []string{"fc"}}, entries: func() []Entry {
		return append(without(tiny, "fc."), Entry{"fc.weight", []int{10, 4}}, Entry{"fc.bias", []int{10}})
	}},

	{name: "entries beside the state dictionary", dicts: []string{"state_dict.", "history."}, entries: func() []Entry {
		return with(behind("state_dict.module.", tiny), "best_acc1", "history.loss", "history.accuracy", "history.rate", "optimizer.state.0.momentum_buffer")
	}},
	{name: "entries beside a dictionary in a dictionary", dicts: []string{"model.state_dict."}, entries: func() []Entry {
		return with(behind("model.state_dict.", tiny), "model.best_acc1")
	}},
	{name: "a moving average and an entry beside", dicts: []string{"model.", "model_ema."}, entries: func() []Entry {
		return with(append(behind("model.", tiny), behind("model_ema.", tiny)...), "best_acc1")
	}},
	{name: "names that are useless elsewhere", model: []Entry{{"neck.weight", []int{1}}, {"queue", []int{1}}}, entries: func() []Entry {
		return []Entry{{"module.neck.weight", []int{1}}, {"module.queue", []int{1}}}
	}},

	{name: "misfit: no dictionary", entries: func() []Entry { return with(behind("model.", tiny), "normalize.mean") }},
	{name: "misfit: another copy beside", dicts: []string{"state_dict.", "best."}, entries: func() []Entry {
		return append(behind("state_dict.", tiny), behind("best.module.", tiny)...)
	}},
	{name: "misfit: in the dictionary", dicts: []string{"state_dict."}, entries: func() []Entry {
		return with(behind("state_dict.model.", tiny), "state_dict.criterion.weight", "best_acc1")
	}},
	{name: "misfit: missing", entries: func() []Entry { return without(tiny, "layer1.0.bn2.") }},
	{name: "misfit: extra", entries: func() []Entry { return with(tiny, "layer2.0.conv1.weight", "mask") }},
	{name: "misfit: another number of classes", entries: func() []Entry {
		return append(without(tiny, "fc."), Entry{"fc.weight", []int{10, 4}}, Entry{"fc.bias", []int{10}})
	}},
	{name: "misfit: some names have the prefix", entries: func() []Entry {
		return append(behind("module.", without(tiny, "fc.")), Entry{"fc.weight", []int{3, 4}}, Entry{"fc.bias", []int{3}})
	}},
	{name: "misfit: two parts fit", entries: func() []Entry { return append(behind("student.", tiny), behind("teacher.", tiny)...) }},
	{name: "misfit: claimed twice", entries: func() []Entry { return with(named("fc.", "linear."), "fc.weight") }},
	{name: "misfit: no such part", options: Options{From: "ema"}, entries: func() []Entry { return named() }},
	{name: "misfit: another network", entries: func() []Entry { return []Entry{{"features.0.weight", []int{64, 3, 3, 3}}} }},
	{name: "misfit: nothing", entries: func() []Entry { return nil }},
}

// TestMatch shows how each of the cases is understood.
func TestMatch(t *testing.T) {
	golden.Run(t, "testdata/match.txtar", func(t *golden.Test) {
		for _, c := range cases {
			model := tiny
			if c.model != nil {
				model = c.model
			}
			if c.headless {
				model = without(tiny, "fc.")
			}
			out := t.Section(strings.NewReplacer(" ", "-", ":", "", "'", "", ",", "").Replace(c.name))
			f := file(t, c.entries())
			f.dicts = make(map[string]bool)
			for _, d := range c.dicts {
				f.dicts[d] = true
			}
			m, err := Match(f, model, c.options)
			if (err != nil) != strings.HasPrefix(c.name, "misfit") {
				t.Errorf("%s: error %v", c.name, err)
			}
			if err != nil {
				fmt.Fprintf(out, "%v\n", err)
				continue
			}
			for _, p := range m.Pairs {
				fmt.Fprintf(out, "%s\t← %s (%s)\n", p.Name, p.File, p.Rule)
			}
			for _, u := range m.Unread {
				fmt.Fprintf(out, "unread %s: %s\n", u.Name, u.Reason)
			}
			for _, n := range m.Notes {
				fmt.Fprintf(out, "note: %s\n", n)
			}
		}
	})
}

// TestMapped reads values through a mapping.
func TestMapped(t *testing.T) {
	f := file(t, append(keras(), Entry{"bn1.num_batches_tracked", nil}))
	m, err := Match(f, tiny, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	weight, shape, err := got.Float32("layer1.0.conv3.weight")
	kernel := fixture.Fill("conv2_block1_3_conv/kernel:0", []int{1, 1, 2, 4})
	if err != nil || !slices.Equal(shape, []int{4, 2, 1, 1}) || weight[2] != kernel[1] || weight[1] != kernel[4] {
		t.Errorf("%v %v, %v; the kernel is %v", weight, shape, err, kernel)
	}
	fc, _, err := got.Float32("fc.weight")
	dense := fixture.Fill("predictions/kernel:0", []int{4, 3})
	if err != nil || fc[1] != dense[3] || fc[4] != dense[1] {
		t.Errorf("%v, %v; the kernel is %v", fc, err, dense)
	}
	mean, _, err := got.Float32("layer1.0.bn2.running_mean")
	want, bias := fixture.Fill("conv2_block1_2_bn/moving_mean:0", []int{2}), fixture.Fill("conv2_block1_2_conv/bias:0", []int{2})
	if err != nil || mean[0] != want[0]-bias[0] || mean[1] != want[1]-bias[1] {
		t.Errorf("%v, %v; want %v less %v", mean, err, want, bias)
	}
	m, err = Match(file(t, without(tiny, "fc.")), tiny, Options{AllowMissing: []string{"fc"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = m.Open(); err != nil {
		t.Fatal(err)
	}
	if zeros, shape, err := got.Float32("fc.weight"); err != nil || !slices.Equal(shape, []int{3, 4}) || !slices.Equal(zeros, make([]float32, 12)) {
		t.Errorf("an absent entry is %v %v, %v", zeros, shape, err)
	}
}

// TestIntegers refuses weights that are no real numbers.
func TestIntegers(t *testing.T) {
	integer := safetensors.NewTensor("fc.bias", "I64", []int{1}, func() ([]byte, error) { return make([]byte, 8), nil })
	f, err := safetensors.New(integer)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Match(&File{File: f}, []Entry{{"fc.bias", []int{1}}}, Options{})
	var misfit *MisfitError
	if !errors.As(err, &misfit) || len(misfit.Unusable) != 1 || !strings.Contains(err.Error(), "fc.bias is I64") {
		t.Errorf("error %v", err)
	}
}

// TestManyNames bounds what is searched.
func TestManyNames(t *testing.T) {
	var many []Entry
	for i := range maxNames + 1 {
		many = append(many, Entry{fmt.Sprintf("module.%d", i), nil})
	}
	if _, err := Match(file(t, many), tiny, Options{}); err == nil || !strings.Contains(err.Error(), "looked for in at most") {
		t.Errorf("error %v", err)
	}
	var misfit *MisfitError
	if _, err := Match(file(t, many[1:]), tiny, Options{}); !errors.As(err, &misfit) || len(misfit.Missing) != len(tiny) {
		t.Errorf("error %v", err)
	}
}
