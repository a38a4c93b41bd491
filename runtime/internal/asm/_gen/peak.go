package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// peakSums is how many sums grow side by side: more than the multipliers of any
// processor times their latency.
const peakSums = 12

// generatePeak writes loops of nothing but multiplications and additions.
func generatePeak(sets ...vectors) {
	for _, v := range sets {
		name := "Peak" + v.name
		TEXT(name, NOSPLIT, "func(n int)")
		Doc(fmt.Sprintf("%s does n times %d fused multiply-adds of %d floats.", name, peakSums, v.bytes/4))
		Load(Param("n"), RCX)
		for _, r := range v.regs[:peakSums+2] {
			// AVX's exclusive or, of the registers' lower parts, clears all of them.
			VPXOR(r.(Vec).AsX(), r.(Vec).AsX(), r.(Vec).AsX())
		}
		Label("loop")
		for _, sum := range v.regs[:peakSums] {
			VFMADD231PS(v.regs[peakSums], v.regs[peakSums+1], sum)
		}
		DECQ(RCX)
		JNZ(LabelRef("loop"))
		VZEROUPPER()
		RET()
	}
}
