//go:build !purego

package cpu

import (
	"slices"

	"golang.org/x/sys/cpu"
)

// servers are the models of Intel's family 6 whose cores begin two multiply-adds of 512
// bits in a cycle: Skylake's and its successors' with the same number (Cascade Lake,
// Cooper Lake), Ice Lake's, Sapphire Rapids, Emerald Rapids and Granite Rapids. A few
// of the smallest of the first begin one, which only their names tell. The other
// models with AVX-512, for laptops and desktops, begin one.
//
// A virtual machine may show another model, as one with AMX did (6, 0xa7). AMX tells the
// servers from Sapphire Rapids on: no others have it.
var servers = []uint32{0x55, 0x6a, 0x6c, 0x8f, 0xcf, 0xad, 0xae}

// multipliesTwice reports whether a core begins two multiply-adds of 512 bits in a
// cycle, so that AVX-512 is twice as fast as AVX2; other cores have it do as much in
// fewer instructions. AMD's processors say how wide they compute: bit 3 of
// Fn8000_001A's EAX is FP512, so named in AMD's BLIS (aocl-blis, bli_cpuid.c). Of
// Intel's the model is known, or that they have AMX.
func multipliesTwice() bool {
	const widths, fp512, genu = 0x8000001a, 1 << 3, 'G' | 'e'<<8 | 'n'<<16 | 'u'<<24
	if highest, _, _, _ := cpuid(0x80000000, 0); highest >= widths {
		if eax, _, _, _ := cpuid(widths, 0); eax&fp512 != 0 {
			return true
		}
	}
	_, vendor, _, _ := cpuid(0, 0)
	signature, _, _, _ := cpuid(1, 0)
	return vendor == genu && (cpu.X86.HasAMXTile || isServer(signature))
}

// isServer reports whether the signature of one of Intel's processors is that of one of
// these servers.
func isServer(signature uint32) bool {
	family, model := signature>>8&15, signature>>4&15|signature>>12&0xf0
	return family == 6 && slices.Contains(servers, model)
}
