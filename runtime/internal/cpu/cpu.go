// Package cpu chooses the tier of kernels that this processor runs.
package cpu

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Level is a set of instructions for which there are kernels; for AVX-512 also how
// many of them a processor can begin at once, which decides between algorithms.
type Level int

// The levels.
const (
	Portable Level = iota // plain Go
	AVX2                  // AVX2 and FMA
	AVX512                // AVX-512 F, DQ, BW and VL
	AVX512x2              // the same, where a core begins two multiply-adds of 512 bits in a cycle
	NEON                  // arm64's Advanced SIMD
)

// Variable is the environment variable that asks for a lower tier than the
// best one, by its String.
const Variable = "RESC_TIER"

var names = [...]string{Portable: "portable", AVX2: "avx2", AVX512: "avx512", AVX512x2: "avx512x2", NEON: "neon"}

// String is the name that RESC_TIER takes.
func (l Level) String() string { return names[l] }

// MarshalText is the name, for reports.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Kernels is the level whose kernels a level has.
func (l Level) Kernels() Level {
	if l == AVX512x2 {
		return AVX512
	}
	return l
}

// Parse is the level of that name.
func Parse(name string) (level Level, ok bool) {
	i := slices.Index(names[:], name)
	return Level(max(i, 0)), i >= 0
}

var forced atomic.Pointer[Level]

// choice is the tier that the environment asks for, or the best one and what
// is wrong with the environment.
var choice = sync.OnceValues(func() (Level, error) {
	return choose(os.Getenv(Variable), Available())
})

func choose(name string, available []Level) (Level, error) {
	best := available[len(available)-1]
	if name == "" {
		return best, nil
	}
	level, ok := Parse(name)
	if !ok {
		return best, fmt.Errorf("%s=%s: no such tier; tiers are %s", Variable, name, strings.Join(names[:], ", "))
	}
	if !slices.Contains(available, level) {
		return best, fmt.Errorf("%s=%s: this processor or build does not have it; the best here is %s", Variable, name, best)
	}
	return level, nil
}

// Tier is the tier in force: the best one available unless the environment
// asks for another. Where the environment is wrong (see Check), it is the best.
func Tier() Level {
	if f := forced.Load(); f != nil {
		return *f
	}
	level, _ := choice()
	return level
}

// Kernels is the level of the kernels in force, those of Tier.
func Kernels() Level { return Tier().Kernels() }

// Shares reports whether a tier has the kernels in force, by its name: then what was
// made for it can be used here.
func Shares(tier string) bool {
	level, ok := Parse(tier)
	return ok && level.Kernels() == Kernels()
}

// Check reports a RESC_TIER that names no tier, or one that is not available.
func Check() error {
	_, err := choice()
	return err
}

// Available lists the tiers that can run here, each faster than the one before. It
// always begins with Portable.
func Available() []Level {
	levels := []Level{Portable}
	if hasAVX2() {
		levels = append(levels, AVX2)
	}
	switch {
	case hasAVX512() && multipliesTwice():
		levels = append(levels, AVX512, AVX512x2)
	case hasAVX512():
		levels = append(levels, AVX512x2, AVX512)
	}
	if hasNEON {
		levels = append(levels, NEON)
	}
	return levels
}

// Force sets the tier until restore is called. It is for tests: values packed
// under one tier keep it, whatever the tier is when they are used.
func Force(l Level) (restore func()) {
	old := forced.Swap(&l)
	return func() { forced.Store(old) }
}
