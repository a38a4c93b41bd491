//go:build !purego

package cpu

// hasNEON holds without a look at the processor: Go's port to arm64 needs it.
const hasNEON = true

func hasAVX2() bool { return false }

func hasAVX512() bool { return false }

func multipliesTwice() bool { return false }
