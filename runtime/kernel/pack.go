package kernel

import "fmt"

// A layer's packed weights are one run of values, whose number and order follow
// from its specification and the tier of kernels alone: specifications have
//
//	Size() int                                       // how many values
//	PackTo(values []float32, rows Rows, bias []float32) // order weights there
//	Over(values []float32) *W                        // the weights over such a run
//
// so that a run can be filled, kept in a file, mapped into memory and used, and
// a packing of another length or for another kernel cannot be expressed.

// PackVersion is the version of the order of packed values. It rises with every
// change to what a PackTo makes: files of packed weights hold it.
const PackVersion = 4

// Rows gives the weights of a layer as its checkpoint orders them: for each
// output channel the values that lead to it, row-major. Several goroutines call
// Row at once.
type Rows interface {
	// Row copies the values of a channel to dst, from the from-th on.
	Row(dst []float32, channel, from int)
}

// matrix is rows of equal length in memory.
type matrix struct {
	values []float32
	row    int
}

func (m matrix) Row(dst []float32, channel, from int) {
	copy(dst, m.values[channel*m.row+from:])
}

// checkSize panics unless a run has as many values as its specification says:
// kernels compute addresses and look at no lengths.
func checkSize(spec any, got, want int) {
	if got != want {
		panic(fmt.Sprintf("kernel: %d packed values for %+v, which has %d", got, spec, want))
	}
}
