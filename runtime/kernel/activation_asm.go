//go:build (amd64 || arm64) && !purego

package kernel

import "github.com/resc-lang/resc/runtime/internal/cpu"

// finishVectors is finish in assembly. It reports false where there is none.
func (a Activation) finishVectors(v []float32) bool {
	tier := cpu.Kernels()
	if tier == cpu.Portable || len(v)%blockChannels != 0 {
		return false
	}
	smooth(tier, a, &v[0], len(v)/blockChannels)
	return true
}
