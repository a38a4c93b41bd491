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

// Level is a set of instructions for which there are kernels.
type Level int

// The levels. Of those that a processor has, each is faster than the one before.
const (
	Portable Level = iota // plain Go
	AVX2                  // AVX2 and FMA
	AVX512                // AVX-512 F, DQ, BW and VL
	NEON                  // arm64's Advanced SIMD
)

// Variable is the environment variable that asks for a lower tier than the
// best one, by its String.
const Variable = "RESC_TIER"

var names = [...]string{Portable: "portable", AVX2: "avx2", AVX512: "avx512", NEON: "neon"}

// String is the name that RESC_TIER takes.
func (l Level) String() string { return names[l] }

// MarshalText is the name, for reports.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

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
	i := slices.Index(names[:], name)
	if i < 0 {
		return best, fmt.Errorf("%s=%s: no such tier; tiers are %s", Variable, name, strings.Join(names[:], ", "))
	}
	if !slices.Contains(available, Level(i)) {
		return best, fmt.Errorf("%s=%s: this processor or build does not have it; the best here is %s", Variable, name, best)
	}
	return Level(i), nil
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

// Check reports a RESC_TIER that names no tier, or one that is not available.
func Check() error {
	_, err := choice()
	return err
}

// Available lists the tiers that can run here, the best last. It always begins
// with Portable.
func Available() []Level {
	levels := []Level{Portable}
	if hasAVX2() {
		levels = append(levels, AVX2)
	}
	if hasAVX512() {
		levels = append(levels, AVX512)
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
