// Package asm holds the assembly kernels. They read and write through
// pointers that they trust: package kernel computes them from geometry it has
// checked.
//
// The generator in _gen writes them; `go generate` runs it.
package asm

import "unsafe"

//go:generate go run -C _gen -tags purego . -out ../direct_avx512_amd64.s -stubs ../direct_avx512_amd64.go -pkg asm direct-avx512
//go:generate go run -C _gen -tags purego . -out ../direct_avx2_amd64.s -stubs ../direct_avx2_amd64.go -pkg asm direct-avx2
//go:generate go run -C _gen -tags purego . -out ../product_avx512_amd64.s -stubs ../product_avx512_amd64.go -pkg asm product-avx512
//go:generate go run -C _gen -tags purego . -out ../product_avx2_amd64.s -stubs ../product_avx2_amd64.go -pkg asm product-avx2
//go:generate go run -C _gen -tags purego . -out ../depthwise_avx512_amd64.s -stubs ../depthwise_avx512_amd64.go -pkg asm depthwise-avx512
//go:generate go run -C _gen -tags purego . -out ../depthwise_avx2_amd64.s -stubs ../depthwise_avx2_amd64.go -pkg asm depthwise-avx2
//go:generate go run -C _gen -tags purego . -out ../depthwise3_avx512_amd64.s -stubs ../depthwise3_avx512_amd64.go -pkg asm depthwise3-avx512
//go:generate go run -C _gen -tags purego . -out ../depthwise3_avx2_amd64.s -stubs ../depthwise3_avx2_amd64.go -pkg asm depthwise3-avx2
//go:generate go run -C _gen -tags purego . -out ../grouped_avx512_amd64.s -stubs ../grouped_avx512_amd64.go -pkg asm grouped-avx512
//go:generate go run -C _gen -tags purego . -out ../grouped_avx2_amd64.s -stubs ../grouped_avx2_amd64.go -pkg asm grouped-avx2
//go:generate go run -C _gen -tags purego . -out ../grouped3_avx512_amd64.s -stubs ../grouped3_avx512_amd64.go -pkg asm grouped3-avx512
//go:generate go run -C _gen -tags purego . -out ../smooth_amd64.s -stubs ../smooth_amd64.go -pkg asm smooth
//go:generate go run -C _gen -tags purego . -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg asm rows
//go:generate go run -C _gen -tags purego . -out ../winograd_avx512_amd64.s -stubs ../winograd_avx512_amd64.go -pkg asm winograd-avx512
//go:generate go run -C _gen -tags purego . -out ../winograd_avx2_amd64.s -stubs ../winograd_avx2_amd64.go -pkg asm winograd-avx2
//go:generate go run -C _gen -tags purego . -out ../taps_avx512_amd64.s -stubs ../taps_avx512_amd64.go -pkg asm taps-avx512
//go:generate go run -C _gen -tags purego . -out ../product_taps_avx512_amd64.s -stubs ../product_taps_avx512_amd64.go -pkg asm product-taps-avx512
//go:generate go run -C _gen -tags purego . -out ../four_tiles_avx512_amd64.s -stubs ../four_tiles_avx512_amd64.go -pkg asm four-tiles-avx512
//go:generate go run -C _gen -tags purego . -out ../row_points_avx512_amd64.s -stubs ../row_points_avx512_amd64.go -pkg asm row-points-avx512
//go:generate go run -C _gen -tags purego . -out ../strassen_amd64.s -stubs ../strassen_amd64.go -pkg asm strassen
//go:generate go run -C _gen -tags purego . -out ../peak_amd64.s -stubs ../peak_amd64.go -pkg asm peak
//go:generate go run -C _gen -tags purego . neon

// Direct is the argument of the kernels of direct convolution. A call computes
// rows of output pixels of some neighbouring output blocks:
//
//	Dst[o][x][lane] = min(max(Bias[o][lane] + Σ Addends[k][o][x][lane] +
//		Σ (Weights - Minus)[b][r][c][i][o][lane] · Src[b][r][c][x][i], Low), High)
//
// with o an output block, x a pixel, b an input block, r and c a row and a
// column of the kernel, and i an index in a run of floats that lie side by side.
// All distances are in bytes. The kernels of amd64 use up Lines and leave Dst, Src
// and Addends at the last row: all are to be set before each call. NEON's compute
// one row, with the first of the addends.
type Direct struct {
	Dst     unsafe.Pointer // first output pixel
	Src     unsafe.Pointer // first float that it depends on
	Weights unsafe.Pointer // first weight; the others follow in the order of use
	Bias    unsafe.Pointer // 16 floats for each output block
	Addends [3]Addend      // added to the output pixels

	Width int // output pixels of a row × 64, a multiple of the tile's
	Lines int // rows, not zero

	SrcLine, DstLine int // from a row to the next
	DstBlock         int // from an output block to the next
	Pixel            int // from the input of an output pixel to that of the next

	// The loops, outermost first: their counts, and the distance in Src from
	// the end of one iteration to the start of the next. No count but Blocks
	// may be zero.
	Blocks, BlockStep   int
	Rows, RowStep       int
	Columns, ColumnStep int
	Run                 int // floats side by side
	LastRun             int // those of the last block: Run, or less for a kernel of one pixel; NEON does Run

	// Minus is subtracted from the weights, on amd64, for a kernel of one pixel and
	// whole blocks; nil for none. The first tile puts the differences into Kept,
	// where the others find them: it sets Minus to nil and Weights to Kept, which are
	// not set again for more calls with the argument.
	Minus, Kept unsafe.Pointer

	WeightStep int // weights left out after each input block

	Low, High float32 // bounds of the result

	// Ahead is what to ask the memory for meanwhile, 64 bytes for each float of
	// the input, up to AheadEnd. Kernels of more than 12 pixels do not.
	Ahead    unsafe.Pointer
	AheadEnd uintptr
}

// Addend is values to add to output pixels: where the first is added from, or nil for
// none, and the distances to the next block and the next row, 0 for none.
type Addend struct {
	At          unsafe.Pointer
	Block, Line int
}

// Depthwise is the argument of the kernels of depthwise convolution, and of
// convolution in groups so narrow that each lies in a block. A call computes a
// row of pixels of one block:
//
//	Dst[x][lane] = min(max(Bias[lane] + Residual[x][lane] +
//		Σ Weights[r][c][i][lane] · Src[r][c][x][Index[i][lane]], Low), High)
//
// with x a pixel, r and c a row and a column of the kernel, and i a channel of a
// group. In depthwise convolution a group is one channel, and Index is not read.
// All distances are in bytes.
type Depthwise struct {
	Dst      unsafe.Pointer // first output pixel
	Src      unsafe.Pointer // first tap that it depends on
	Weights  unsafe.Pointer // in the order of use
	Bias     unsafe.Pointer // 16 floats
	Residual unsafe.Pointer // added to the first output pixel; nil for none

	Index    unsafe.Pointer // 16 int32 for each channel of a group, the same modulo 8 in both halves
	Channels int            // of a group

	Width int // output pixels of the row × 64, a multiple of the tile's
	Pixel int // from the input of an output pixel to that of the next

	// The loops over the kernel: their counts, not zero, and the distance in
	// Src from one iteration to the next, or from the end of the last column to
	// the start of the next row.
	Rows, RowStep       int
	Columns, ColumnStep int

	Low, High float32 // bounds of the result
}
