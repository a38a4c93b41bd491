package checkpoint

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// prefix is the name of a part of a file that may hold a model's entries.
type prefix struct {
	name string // with its dot
	what string // what is known by that name
	copy bool   // a second copy of the weights, averaged over training
}

// prefixes may stand before all names of a model's entries, several in a row.
var prefixes = []prefix{
	{"module.", "torch.nn.DataParallel and its kin", false},
	{"_orig_mod.", "torch.compile", false},
	{"state_dict.", "training scripts", false},
	{"model_state_dict.", "training scripts", false},
	{"model_state.", "training scripts", false},
	{"model.", "training scripts, PyTorch Lightning, detectron2", false},
	{"net.", "training scripts", false},
	{"network.", "training scripts", false},
	{"params.", "training scripts", false},
	{"weights.", "training scripts", false},
	{"blobs.", "Detectron", false},
	{"backbone.", "torchvision's and OpenMMLab's detectors", false},
	{"bottom_up.", "detectron2's feature pyramids", false},
	{"encoder.", "networks with a decoder", false},
	{"resnet.", "networks around a ResNet", false},
	{"base_encoder.", "MoCo v3", false},
	{"encoder_q.", "MoCo", false},
	{"student.", "DINO and other distillation", false},
	{"teacher.", "DINO and other distillation", false},
	{"model_ema.", "timm", true},
	{"state_dict_ema.", "timm", true},
	{"ema_state_dict.", "training scripts", true},
	{"ema_model.", "training scripts", true},
	{"ema.", "training scripts", true},
}

// harmless are entries that inference does not need. The pattern is of a name
// from the file's root or behind a prefix.
var harmless = []struct {
	pattern *regexp.Regexp
	what    string
}{
	{regexp.MustCompile(`(^|\.)num_batches_tracked$`), "counts training steps"},
	{regexp.MustCompile(`(^|\.)n_averaged$`), "counts averaged models"},
	{regexp.MustCompile(`(^|\.)total_(ops|params)$`), "left by a profiler"},
	{regexp.MustCompile(`^(optimizers?|optim|optimizer_states?|optimizer_state_dict|optim_state_dict)\.`), "the optimizer's"},
	{regexp.MustCompile(`_momentum$`), "the optimizer's, as Caffe2 keeps it"},
	{regexp.MustCompile(`^(lr_)?schedulers?(_state_dict)?\.`), "the learning rate's schedule"},
	{regexp.MustCompile(`^(amp_)?(grad_)?scaler\.`), "the gradients' scale"},
	{regexp.MustCompile(`^(rng_state|rng_states|random_state|torch_rng_state|cuda_rng_state)(\.|$)`), "a random generator's"},
	{regexp.MustCompile(`^(callbacks|loops|message_hub|meta|args|hparams|hyper_parameters)\.`), "the training's"},
	{regexp.MustCompile(`^(encoder_k|momentum_encoder|queue|queue_ptr)(\.|$)`), "MoCo's second encoder and its queue"},
	{regexp.MustCompile(`^ema_\w+$`), "a moving average, as OpenMMLab keeps it"},
	{regexp.MustCompile(`^(neck|rpn_head|roi_head|bbox_head|mask_head|decode_head|auxiliary_head|aux_classifier|proposal_generator|roi_heads|sem_seg_head)\.`), "another part of a detector"},
	{regexp.MustCompile(`^(rpn|top_block|fpn_\w+)\.`), "another part of a detector"},
}

// head matches the names that classifiers go by. A model without a linear layer
// has no use for them.
var head = regexp.MustCompile(`^(fc|linear|classifier|last_linear|head|logits|predictions|probs)\.`)

// family is a way to name the entries of a network. Its renamings, each applied
// to what those before it made, lead to torchvision's names.
type family struct {
	name    string
	renames []rename
	note    string // what names cannot tell
	// columns says that a linear layer's weight is [in, out] and a convolution's
	// [height, width, in, out], as in TensorFlow.
	columns bool
	biases  bool // convolutions before a batch norm may have biases
}

// rename replaces what the pattern matches. In the replacement {2} is the second
// group, and {2-1} that number less one.
type rename struct {
	pattern *regexp.Regexp
	to      string
}

func renames(pairs ...string) []rename {
	var list []rename
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, rename{regexp.MustCompile(pairs[i]), pairs[i+1]})
	}
	return list
}

// families are tried in order, after names as they are.
var families = []family{
	{
		name:    "akamaster/pytorch_resnet_cifar10: linear",
		renames: renames(`^linear\.`, `fc.`),
		note:    "the shortcuts of akamaster/pytorch_resnet_cifar10 pad channels on both sides (pad out, both), where the paper's option A appends them; names do not tell",
	},
	{
		name:    "kuangliu/pytorch-cifar: linear, shortcut",
		renames: renames(`^linear\.`, `fc.`, `\.shortcut\.`, `.downsample.`),
	},
	{
		name:    "a classifier's other names", // timm's classifiers, Cadene's pretrained-models
		renames: renames(`^(last_linear|classifier|head\.fc|head)\.`, `fc.`),
	},
	{
		name: "pytorch-cifar100: residual_function", // github.com/weiaicunzai/pytorch-cifar100
		renames: renames(`^conv1\.0\.`, `conv1.`, `^conv1\.1\.`, `bn1.`, `^conv([2-5])_x\.`, `layer{1-1}.`,
			`\.residual_function\.0\.`, `.conv1.`, `\.residual_function\.1\.`, `.bn1.`,
			`\.residual_function\.3\.`, `.conv2.`, `\.residual_function\.4\.`, `.bn2.`,
			`\.residual_function\.6\.`, `.conv3.`, `\.residual_function\.7\.`, `.bn3.`, `\.shortcut\.`, `.downsample.`),
	},
	{
		name: "detectron2: stem, res2, norm",
		renames: renames(`^stem\.conv1\.norm\.`, `bn1.`, `^stem\.conv1\.`, `conv1.`, `^res([2-5])\.`, `layer{1-1}.`,
			`\.shortcut\.norm\.`, `.downsample.1.`, `\.shortcut\.`, `.downsample.0.`, `\.conv([1-3])\.norm\.`, `.bn{1}.`,
			`^(stem\.fc|linear)\.`, `fc.`),
		note: "detectron2's models that began from MSRA's R-50.pkl or R-101.pkl have their stride on the first 1x1 (std/resnet50_v1) and take BGR input; names do not tell",
	},
	{
		name: "Caffe2: res2_0_branch2a_w", // Detectron's models, and MSRA's in the zoo of detectron2
		renames: renames(`_w$`, `.weight`, `_b$`, `.bias`, `_(?:gamma|s)$`, `.weight`, `_beta$`, `.bias`,
			`_running_mean$`, `.running_mean`, `_running_var$`, `.running_var`, `^res_conv1_bn\.`, `bn1.`,
			`^res([2-5])_(\d+)_branch1\.`, `layer{1-1}.{2}.downsample.0.`, `^res([2-5])_(\d+)_branch1_bn\.`, `layer{1-1}.{2}.downsample.1.`,
			`_branch2a`, `_conv1`, `_branch2b`, `_conv2`, `_branch2c`, `_conv3`,
			`^res([2-5])_(\d+)_conv([1-3])\.`, `layer{1-1}.{2}.conv{3}.`, `^res([2-5])_(\d+)_conv([1-3])_bn\.`, `layer{1-1}.{2}.bn{3}.`,
			`^(fc1000|pred)\.`, `fc.`),
		biases: true,
		note:   "MSRA's R-50.pkl and R-101.pkl have their stride on the first 1x1 (std/resnet50_v1) and take BGR input less its mean; names do not tell",
	},
	{
		name:    "OpenMMLab: backbone, head",
		renames: renames(`^backbone\.`, ``, `^head\.fc\.`, `fc.`),
	},
	{
		name: "Transformers: embedder, stages",
		renames: renames(`^resnet\.`, ``, `^embedder\.embedder\.convolution\.`, `conv1.`, `^embedder\.embedder\.normalization\.`, `bn1.`,
			`^encoder\.stages\.(\d+)\.layers\.`, `layer{1+1}.`,
			`\.shortcut\.convolution\.`, `.downsample.0.`, `\.shortcut\.normalization\.`, `.downsample.1.`,
			`\.layer\.(\d)\.convolution\.`, `.conv{1+1}.`, `\.layer\.(\d)\.normalization\.`, `.bn{1+1}.`, `^classifier\.1\.`, `fc.`),
	},
	{
		name: "timm, pre-activation: stages, norm",
		renames: renames(`^stem\.conv\.`, `conv1.`, `^stages\.(\d+)\.blocks\.`, `layer{1+1}.`, `\.norm([1-3])\.`, `.bn{1}.`,
			`\.downsample\.conv\.`, `.downsample.0.`, `^norm\.`, `bn.`, `^head\.fc\.`, `fc.`),
	},
	{
		name: "Keras: conv2_block1_1_conv", // keras.applications.ResNet50, 101, 152
		renames: renames(`[/.]kernel(:0)?$`, `.weight`, `[/.]bias(:0)?$`, `.bias`, `[/.]gamma(:0)?$`, `.weight`, `[/.]beta(:0)?$`, `.bias`,
			`[/.]moving_mean(:0)?$`, `.running_mean`, `[/.]moving_variance(:0)?$`, `.running_var`,
			`^(conv\w+_(?:conv|bn))/.*\.`, `{1}.`, // "conv1_conv/conv1_conv/kernel:0" of HDF5 files
			`^conv1_conv\.`, `conv1.`, `^conv1_bn\.`, `bn1.`,
			`^conv(\d)_block(\d+)_0_conv\.`, `layer{1-1}.{2-1}.downsample.0.`, `^conv(\d)_block(\d+)_0_bn\.`, `layer{1-1}.{2-1}.downsample.1.`,
			`^conv(\d)_block(\d+)_(\d)_conv\.`, `layer{1-1}.{2-1}.conv{3}.`, `^conv(\d)_block(\d+)_(\d)_bn\.`, `layer{1-1}.{2-1}.bn{3}.`,
			`^(predictions|probs)\.`, `fc.`),
		columns: true,
		biases:  true,
		note:    "Keras' ResNet50, 101 and 152 have their stride on the first 1x1 (std/resnet50_v1), epsilon 1.001e-5 and BGR input less its mean; names do not tell",
	},
}

// rename gives a name in torchvision's manner, and says whether it had another.
func (f *family) rename(name string) (to string, changed bool) {
	for _, r := range f.renames {
		at := r.pattern.FindStringSubmatchIndex(name)
		if at == nil {
			continue
		}
		var groups []string
		for i := 0; i < len(at); i += 2 {
			group := ""
			if at[i] >= 0 {
				group = name[at[i]:at[i+1]]
			}
			groups = append(groups, group)
		}
		name = name[:at[0]] + fill(r.to, groups) + name[at[1]:]
		changed = true
	}
	return name, changed
}

// reference is {2}, {2-1} or {2+1}.
var reference = regexp.MustCompile(`\{(\d)([-+]1)?\}`)

// fill puts groups into a replacement.
func fill(to string, groups []string) string {
	return reference.ReplaceAllStringFunc(to, func(token string) string {
		group := groups[token[1]-'0']
		if len(token) == len("{2}") {
			return group
		}
		n, _ := strconv.Atoi(group) // few digits, by the patterns
		if token[2] == '-' {
			return strconv.Itoa(n - 1)
		}
		return strconv.Itoa(n + 1)
	})
}

// idle says why an entry is of no use to inference, "" where it may be.
func idle(name string) string {
	for _, h := range harmless {
		if h.pattern.MatchString(name) {
			return h.what
		}
	}
	return ""
}

// scope is a part of a file: the entries whose names begin with a prefix.
type scope struct {
	prefix string
	copy   bool
}

// maxScopes bounds how many parts of a file are looked into, maxNested how many
// prefixes may stand in a row.
const (
	maxScopes = 24
	maxNested = 6
)

// scopes are the parts of a file with these names, the whole first.
func scopes(names []string) []scope {
	list := []scope{{}}
	for i, depth := 0, 0; i < len(list) && depth < maxNested; depth++ {
		for end := len(list); i < end; i++ {
			for _, p := range prefixes {
				inner := scope{list[i].prefix + p.name, list[i].copy || p.copy}
				if len(list) < maxScopes && anyUnder(names, inner.prefix) {
					list = append(list, inner)
				}
			}
		}
	}
	return list
}

// dict is the innermost of the dictionaries that hold the whole part, "" if none does.
func (s scope) dict(dicts map[string]bool) string {
	for end := len(s.prefix); end > 0; end = strings.LastIndexByte(s.prefix[:end-1], '.') + 1 {
		if dicts[s.prefix[:end]] {
			return s.prefix[:end]
		}
	}
	return ""
}

// beside is a name from outside of the scope without the prefixes that it shares
// with the scope.
func (s scope) beside(name string) string {
	rest := s.prefix
	for {
		word, after, _ := strings.Cut(rest, ".")
		inner, ok := strings.CutPrefix(name, word+".")
		if !ok || word == "" {
			return name
		}
		name, rest = inner, after
	}
}

func anyUnder(names []string, prefix string) bool {
	for _, n := range names {
		if strings.HasPrefix(n, prefix) {
			return true
		}
	}
	return false
}

// rule describes how a name was found: `prefix "module."; CIFAR repositories: …`.
func rule(s scope, f *family, renamed bool) string {
	var parts []string
	if s.prefix != "" {
		what := "prefix %q"
		if s.copy {
			what = "prefix %q, a moving average"
		}
		parts = append(parts, fmt.Sprintf(what, s.prefix))
	}
	if renamed {
		parts = append(parts, f.name)
	}
	if len(parts) == 0 {
		return "as it is"
	}
	return strings.Join(parts, "; ")
}
