//go:build !purego

package cpu

// cpuid is the instruction of that name.
//
//go:noescape
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// cacheLeaves are the leaves of cpuid that describe the caches one after another, in
// the same way, each with the leaf that gives the highest there is: Intel's (Software
// Developer's Manual, volume 2, CPUID, leaf 04H) and AMD's (Architecture Programmer's
// Manual, volume 3, Fn8000_001D).
var cacheLeaves = [...]struct{ highest, caches uint32 }{{0, 4}, {0x80000000, 0x8000001d}}

func secondCache() int {
	const last, instructions = 0, 2 // types of cache, the first of none
	for _, l := range cacheLeaves {
		if highest, _, _, _ := cpuid(l.highest, 0); highest < l.caches {
			continue
		}
		for i := range uint32(16) { // enough, whatever a virtual machine says
			eax, ebx, ecx, _ := cpuid(l.caches, i)
			if eax&31 == last {
				break
			}
			if level := eax >> 5 & 7; level == 2 && eax&31 != instructions {
				ways, partitions, line, sets := ebx>>22+1, ebx>>12&0x3ff+1, ebx&0xfff+1, ecx+1
				return int(ways) * int(partitions) * int(line) * int(sets)
			}
		}
	}
	return 0
}
