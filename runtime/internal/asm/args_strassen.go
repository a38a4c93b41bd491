package asm

import "unsafe"

// QuarterSums is the argument of the sums of Strassen's algorithm. A call adds
// rows of pixels of the quarters of a matrix, A11, A12, A21 and A22 in that order:
//
//	S1 = -(A21 + A22), S2 = -S1 - A11, S3 = A11 - A21, S4 = A12 - S2
//
// 16 floats a pixel. Pixels of the quarters lie Pixel bytes apart, those of a row of
// the sums side by side. A call uses up Lines.
type QuarterSums struct {
	A, S    [4]unsafe.Pointer
	Pixel   int
	Pixels  int // of a row, not zero
	Lines   int // rows, not zero
	Skip    int // bytes from a row's end in the quarters to the next
	SumSkip int // and in the sums
}

// PartSums is the argument of the kernels that compute the sums of two levels of
// Strassen's algorithm at once: S of a matrix, and those of A11, A12, S2, S1, S3, S4
// and A22, four each. The distances between the quarters of the matrix and between
// theirs are those of their rows and channels: an element of A12's A21 is Half +
// Column from that of A11's A11. S goes to where Sums points, but for the third
// quarter of each, which is the left side of no product; the sums of the seven go to
// Parts, one after another. All distances are in bytes. A call uses up Lines.
type PartSums struct {
	A                          unsafe.Pointer
	Half, Quarter              int // of the channels
	Row, Column                int // to the second half of the pixels
	Sums                       unsafe.Pointer
	SumSize                    int // from a sum to the next
	SumQuarter, SumLastQuarter int // from a sum's first quarter to the second and the last
	Parts                      unsafe.Pointer
	PartSize                   int // from a sum to the next

	Pixel   int // from a pixel to the next in the matrix
	Pixels  int // of a row of the parts, not zero
	Lines   int // rows, not zero
	Skip    int // from a row's end in the matrix to the next
	SumSkip int // and in the sums
}

// LastQuarter is the argument of the kernels that end Strassen's algorithm for
// rows of pixels of a block:
//
//	Dst = min(max(X + (W - V) + Bias + Σ Addends, Low), High)
//
// A call uses up Lines.
type LastQuarter struct {
	Dst, X, W, V unsafe.Pointer
	Bias         unsafe.Pointer    // 16 floats
	Addends      [2]unsafe.Pointer // nil for none, and then the second as well
	Pixels       int               // of a row, not zero
	Lines        int               // rows, not zero

	// Bytes from a row's end to the next.
	DstSkip     int
	ResultSkip  int // in X, W and V
	AddendSkips [2]int

	Low, High float32
}

// Matrices is the argument of the kernels that make matrices of the filter of
// Strassen's algorithm from its quarters:
//
//	T1 = B11 - T1, T2 = T2 + T1
//
// where T1 was B12 and T2 B22.
type Matrices struct {
	B11, T1, T2 unsafe.Pointer
	Blocks      int // of 16 floats, not zero
}
