//go:build !(amd64 || arm64) || purego

package kernel

// finishVectors is finish in assembly. It reports false where there is none.
func (a Activation) finishVectors(v []float32) bool { return false }
