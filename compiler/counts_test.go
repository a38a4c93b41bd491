package compiler

import (
	"testing"
)

// compile compiles a model of the standard library.
func compile(t *testing.T, name string, set map[string]string) *Program {
	t.Helper()
	src, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	p, ds := Compile(src, Options{Set: set})
	for _, d := range ds {
		t.Error(d.Error())
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

// TestCounts compares parameters and multiply-adds with published totals.
func TestCounts(t *testing.T) {
	type row struct {
		depth        string
		policy       string
		params, macs int64
	}
	image := []row{
		{"18", "none", 11515688, 1794805760}, {"18", "A", 11515688, 1794805760}, {"18", "B", 11689512, 1814073344}, {"18", "C", 12043816, 1878298624},
		{"34", "none", 21623848, 3644493824}, {"34", "A", 21623848, 3644493824}, {"34", "B", 21797672, 3663761408}, {"34", "C", 22716840, 3830747136},
		{"50", "none", 22780456, 3729522688}, {"50_v1", "none", 22780456, 3498311680},
		{"50", "A", 22780456, 3729522688}, {"50_v1", "A", 22780456, 3498311680},
		{"50", "B", 25557032, 4089184256}, {"50_v1", "B", 25557032, 3857973248},
		{"50", "C", 40128552, 6555435008}, {"50_v1", "C", 40128552, 6324224000},
		{"101", "none", 41772584, 7441743872}, {"101_v1", "none", 41772584, 7210532864},
		{"101", "A", 41772584, 7441743872}, {"101_v1", "A", 41772584, 7210532864},
		{"101", "B", 44549160, 7801405440}, {"101_v1", "B", 44549160, 7570194432},
		{"101", "C", 76981288, 13761511424}, {"101_v1", "C", 76981288, 13530300416},
		{"152", "none", 57416232, 11153965056}, {"152_v1", "none", 57416232, 10922754048},
		{"152", "A", 57416232, 11153965056}, {"152_v1", "A", 57416232, 10922754048},
		{"152", "B", 60192808, 11513626624}, {"152_v1", "B", 60192808, 11282415616},
		{"152", "C", 107335720, 20967587840}, {"152_v1", "C", 107335720, 20736376832},
	}
	for _, r := range image {
		p := compile(t, "std/resnet"+r.depth, map[string]string{"shortcut": r.policy})
		if p.Params() != r.params || p.MACs() != r.macs {
			t.Errorf("resnet%s %s: %d parameters and %d multiply-adds, want %d and %d", r.depth, r.policy, p.Params(), p.MACs(), r.params, r.macs)
		}
	}
	cifar := []row{
		{"20", "A", 269722, 40551040}, {"20", "B", 272474, 40813184}, {"20", "C", 283962, 42648192},
		{"32", "A", 464154, 68862592}, {"32", "B", 466906, 69124736}, {"32", "C", 489594, 72532608},
		{"44", "A", 658586, 97174144}, {"44", "B", 661338, 97436288}, {"44", "C", 695226, 102417024},
		{"56", "A", 853018, 125485696}, {"56", "B", 855770, 125747840}, {"56", "C", 900858, 132301440},
		{"110", "A", 1727962, 252887680}, {"110", "B", 1730714, 253149824}, {"110", "C", 1826202, 266781312},
	}
	for _, r := range cifar {
		p := compile(t, "std/cifar_resnet", map[string]string{"depth": r.depth, "shortcut": r.policy})
		if p.Params() != r.params || p.MACs() != r.macs {
			t.Errorf("cifar_resnet depth %s %s: %d parameters and %d multiply-adds, want %d and %d", r.depth, r.policy, p.Params(), p.MACs(), r.params, r.macs)
		}
	}
	others := []struct {
		name         string
		params, macs int64
	}{
		{"wide_resnet50_2", 68883240, 11398021120},
		{"resnext50_32x4d", 25028904, 4230479872},
		{"preact_resnet18", 11687720, 0},
		{"resnet50d", 25576264, 0},
		{"seresnet50", 28088024, 0},
		{"resnext101_32x8d", 88791336, 0},
		{"wide_resnet101_2", 126886696, 0},
	}
	for _, o := range others {
		p := compile(t, "std/"+o.name, nil)
		if p.Params() != o.params || o.macs != 0 && p.MACs() != o.macs {
			t.Errorf("%s: %d parameters and %d multiply-adds, want %d and %d", o.name, p.Params(), p.MACs(), o.params, o.macs)
		}
	}
}
