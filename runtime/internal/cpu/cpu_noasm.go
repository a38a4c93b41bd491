//go:build !(amd64 || arm64) || purego

package cpu

const hasNEON = false

func hasAVX2() bool { return false }

func hasAVX512() bool { return false }

func multipliesTwice() bool { return false }
