package cpu

import (
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	both := []Level{Portable, AVX2}
	for _, c := range []struct {
		name string
		want Level
		err  string
	}{
		{"", AVX2, ""},
		{"portable", Portable, ""},
		{"avx2", AVX2, ""},
		{"avx512", AVX2, "does not have it; the best here is avx2"},
		{"sse", AVX2, "no such tier; tiers are portable, avx2, avx512, avx512x2, neon"},
	} {
		got, err := choose(c.name, both)
		if got != c.want {
			t.Errorf("choose(%q) = %v, want %v", c.name, got, c.want)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("choose(%q): error %v, want %q", c.name, err, c.err)
		}
	}
}

func TestForce(t *testing.T) {
	before := Tier()
	for _, level := range Available() {
		restore := Force(level)
		if Tier() != level {
			t.Errorf("Tier() = %v under Force(%v)", Tier(), level)
		}
		restore()
	}
	if Tier() != before {
		t.Errorf("Tier() = %v after restoring, want %v", Tier(), before)
	}
	if Available()[0] != Portable || !slices.Contains(Available(), before) {
		t.Errorf("Available() = %v", Available())
	}
}

// Tiers with the same kernels can use what was made for the other.
func TestShares(t *testing.T) {
	for _, tier := range Available() {
		restore := Force(tier)
		for level, name := range names {
			if got, want := Shares(name), Level(level).Kernels() == tier.Kernels(); got != want {
				t.Errorf("%v: Shares(%q) = %v", tier, name, got)
			}
		}
		if Shares("sse") {
			t.Errorf("%v shares kernels with a tier that there is not", tier)
		}
		restore()
	}
}
