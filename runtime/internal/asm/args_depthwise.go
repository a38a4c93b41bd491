package asm

import "unsafe"

// Depthwise3 is the argument of the kernels of depthwise convolution that are
// three columns wide, of stride 1 or, with AVX-512, 2, and without dilation. A call
// computes lines of pixels of one block:
//
//	Dst[y][x][lane] = min(max(Bias[lane] + Residual[y][x][lane] +
//		Σ Weights[r][c][lane] · Src[y][r][stride·x+c][lane], Low), High)
//
// with y a line, x a pixel, r and c a row and a column of the kernel. Pixels lie
// side by side. All distances are in bytes.
//
// The kernels of AVX-512 for groups of 4 or 8 channels add, for each channel i of a
// group,
//
//	Weights[r][c][i][lane] · Src[y][r][stride·x+c][Index[i][lane]]
type Depthwise3 struct {
	Dst      unsafe.Pointer // first output pixel
	Src      unsafe.Pointer // first tap that it depends on
	Weights  unsafe.Pointer // in the order of use
	Bias     unsafe.Pointer // 16 floats
	Residual unsafe.Pointer // added to the first output pixel; nil for none

	Width  int // output pixels of a line × 64, a multiple of the tile's
	Height int // lines, not zero

	DstLine, SrcLine, ResidualLine int // from the start of a line to that of the next; 0 for no residual

	Rows, RowStep int // of the kernel, not zero, and from one to the next in Src

	Low, High float32 // bounds of the result

	Index    unsafe.Pointer // 16 int32 for each channel of a group
	Channels int            // of a group, a multiple of 4
}
