//go:build !purego

package kernel

import (
	"github.com/resc-lang/resc/runtime/internal/asm"
	"github.com/resc-lang/resc/runtime/internal/cpu"
)

// finishVectors is finish in assembly. It reports false where there is none.
func (a Activation) finishVectors(v []float32) bool {
	blocks := len(v) / blockChannels
	tier := cpu.Tier()
	switch {
	case tier == cpu.Portable || len(v)%blockChannels != 0:
		return false
	case tier == cpu.AVX512 && a == SiLU:
		asm.SiLUAVX512(&v[0], blocks)
	case tier == cpu.AVX512 && a == HardSwish:
		asm.HardSwishAVX512(&v[0], blocks)
	case tier == cpu.AVX512 && a == Sigmoid:
		asm.SigmoidAVX512(&v[0], blocks)
	case a == SiLU:
		asm.SiLUAVX2(&v[0], blocks)
	case a == HardSwish:
		asm.HardSwishAVX2(&v[0], blocks)
	case a == Sigmoid:
		asm.SigmoidAVX2(&v[0], blocks)
	}
	return true
}
