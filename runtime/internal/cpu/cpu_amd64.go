//go:build !purego

package cpu

import "golang.org/x/sys/cpu"

// The flags of x/sys/cpu are false where the operating system does not save
// the registers that the instructions use.

const hasNEON = false

func hasAVX2() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }

func hasAVX512() bool {
	return hasAVX2() && cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL
}
