package asm

import "unsafe"

// QuarterSums is the argument of the sums of Strassen's algorithm. A call adds
// rows of pixels of the quarters of a matrix, A11, A12, A21 and A22 in that order:
//
//	S1 = A21 + A22, S2 = S1 - A11, S3 = A11 - A21, S4 = A12 - S2
//
// 16 floats a pixel. Pixels of the quarters lie Pixel bytes apart, those of the
// sums side by side. A call uses up Lines.
type QuarterSums struct {
	A, S   [4]unsafe.Pointer
	Pixel  int
	Pixels int // of a row, not zero
	Lines  int // rows, not zero
	Skip   int // bytes from a row's end in the quarters to the next
}

// LastQuarter is the argument of the kernels that end Strassen's algorithm for
// rows of pixels of a block:
//
//	Dst = min(max(X + (W - V) + Bias + Residual, Low), High)
//
// The rows of X, W and V lie side by side. A call uses up Lines.
type LastQuarter struct {
	Dst, X, W, V unsafe.Pointer
	Bias         unsafe.Pointer // 16 floats
	Residual     unsafe.Pointer // nil for none
	Pixels       int            // of a row, not zero
	Lines        int            // rows, not zero
	DstSkip      int            // bytes from a row's end in Dst to the next
	ResidualSkip int            // and in Residual
	Low, High    float32
}
