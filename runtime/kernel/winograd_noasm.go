//go:build !amd64 || purego

package kernel

// The portable tier computes convolutions directly: Pack chooses no other
// algorithm for it.

func (j *winogradJob) transformIn(image []float32, row, at, point, tiles int) {
	panic("kernel: no transforms on this tier")
}

func (j *winogradJob) transformOut(image []float32, row int, residual []float32, residualRow, at, point, tiles int, bias *lanes, low, high float32) {
	panic("kernel: no transforms on this tier")
}
