package asm

import "unsafe"

// RowPoints is the argument of the transform of samples to the points of Winograd's
// algorithm along rows, for kernels of 7 columns with stride 2: tiles of 4 output pixels
// depend on 13 input pixels of a few channels side by side. Of a tile and an input row
// come out, with the even pixels first and then the odd ones, which have no ∞,
//
//	Dst[∞][row][even channels], Dst[point][row][even channels, odd channels]
//
// where the finite points are those of WinogradPoints and then 1/2, DstPoint bytes apart,
// and the first comes DstFinite bytes after ∞. Up to 3 floats after a row's values are
// written too, so that rows are to be transformed in ascending order. Distances are in
// bytes.
type RowPoints struct {
	Dst, Src  unsafe.Pointer
	Tiles     int // not zero; 8 input pixels apart
	DstTile   int
	Lines     int // rows, not zero
	SrcLine   int
	DstFinite int
	DstPoint  int
}

// RowPointsChannels is the largest number of channels that the transforms are for.
const RowPointsChannels = 4
