package main

import (
	"os"
	"regexp"
	"testing"
)

// TestRelease compares the version with the first of the change log.
func TestRelease(t *testing.T) {
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(?m)^## (v\d+\.\d+\.\d+)\b`).FindSubmatch(text)
	if first == nil {
		t.Fatal("CHANGELOG.md names no version")
	}
	if got := string(first[1]); got != release {
		t.Errorf("CHANGELOG.md begins with %s, and resc's version is %s", got, release)
	}
}

// TestKernels lists the tiers, best first.
func TestKernels(t *testing.T) {
	for _, c := range []struct {
		tier      string
		available []string
		want      string
	}{
		{"avx512", []string{"portable", "avx2", "avx512x2", "avx512"}, "avx512 (RESC_TIER can choose avx512x2, avx2, portable)"},
		{"portable", []string{"portable", "neon"}, "portable (RESC_TIER can choose neon)"},
		{"portable", []string{"portable"}, "portable"},
	} {
		if got := kernels(c.tier, c.available); got != c.want {
			t.Errorf("%v: %q, want %q", c.available, got, c.want)
		}
	}
}
