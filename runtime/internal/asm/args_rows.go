package asm

import "unsafe"

// Pooling is the argument of the kernels of pooling. A call computes a row of
// pixels of one block, whose windows lie inside the image:
//
//	Dst[x][lane] = Scale · (Start ∘ Src[x][r][c][lane] ∘ …)
//
// with ∘ the kernel's operation, over the rows r and columns c of the window.
// Distances are in bytes; no count may be zero.
type Pooling struct {
	Dst unsafe.Pointer // first output pixel
	Src unsafe.Pointer // first pixel of its window

	Width int // output pixels
	Pixel int // from the window of an output pixel to that of the next

	Rows, RowStep int // of the window, and from one to the next
	Columns       int

	Start, Scale float32

	Status uint32 // afterwards, of a maximum: StatusInvalid is set if a value was NaN, on amd64
}

// StatusInvalid is the bit of amd64's status (MXCSR) that VMAXPS sets where an operand is
// NaN. The largest values are wrong then: VMAXPS forgets one of its operands.
const StatusInvalid = 1

// MaxPool3 is the argument of the largest values of windows of 3×3 with stride 2. Rows are
// those of the windows, from the second column of the first window on; where a window
// overhangs the image, one of its rows stands twice.
type MaxPool3 struct {
	Dst  unsafe.Pointer // first output pixel
	Rows [3]unsafe.Pointer

	Width  int     // output pixels
	Before int     // 1 if the first window has the column before, 0 if that is padding
	Start  float32 // -∞
	Status uint32  // as for Pooling
}

// MulAdd is the argument of the kernels that work value by value:
//
//	Dst = min(max(X·Y + Z, Low), High)
//
// over blocks of 16 floats. X and Dst go on by 64 bytes a block, Y and Z by their
// steps: 0 keeps them where they are. The product is not rounded.
type MulAdd struct {
	Dst, X, Y, Z unsafe.Pointer
	YStep, ZStep int
	Blocks       int // not zero
	Low, High    float32
}
