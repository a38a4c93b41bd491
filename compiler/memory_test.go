package compiler

import (
	"strings"
	"testing"

	"github.com/resc-lang/resc/stdlib"
)

// TestSmallMemory holds packed weights to the checkpoint's size in float32 for
// every network of the standard library: blocks of 16 channels may be filled up,
// and the first layer's are.
func TestSmallMemory(t *testing.T) {
	for _, name := range stdlib.Models() {
		small, fast := report(t, name, Small), report(t, name, Fast)
		if small.Memory != Small || fast.Memory != Fast {
			t.Errorf("%s: reported as %s and %s", name, small.Memory, fast.Memory)
		}
		if limit := small.CheckpointBytes * 11 / 10; small.WeightBytes > limit {
			t.Errorf("%s: %d bytes packed, of %d", name, small.WeightBytes, small.CheckpointBytes)
		}
		if fast.WeightBytes < small.WeightBytes {
			t.Errorf("%s: %d bytes fast, %d small", name, fast.WeightBytes, small.WeightBytes)
		}
	}
}

func report(t *testing.T, model string, m Memory) *Report {
	t.Helper()
	src, err := Load(stdlib.Prefix + strings.TrimPrefix(model, stdlib.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	p, ds := Compile(src, Options{Memory: m})
	if ds.HasErrors() {
		t.Fatal(ds[0])
	}
	return p.Report()
}
