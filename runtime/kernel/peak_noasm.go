//go:build !(amd64 || arm64) || purego

package kernel

// multiplyAdd does n loops of the tier's multiply-add, and returns the number of
// operations.
func multiplyAdd(n int) (operations int) { return multiplyAddPortable(n, 0.5, 1) }
