package asm

import "unsafe"

// Winograd is the argument of the transforms of Winograd's convolution. A call
// multiplies vectors by a constant matrix, 16 channels at a time: element e of
// vector v is the 16 floats at Src + v·SrcNext + e·SrcStep, and comes out at
// Dst + v·DstNext + e·DstStep. It does so for some lines of vectors, and uses up
// the argument as it goes from one to the next. Distances are in bytes.
//
// The transforms to Pixels add a bias and a residual, which lies as Dst does:
//
//	Dst = min(max(matrix·Src + Bias + Residual, Low), High)
type Winograd struct {
	Dst, Src         unsafe.Pointer
	DstStep, SrcStep int
	DstNext, SrcNext int
	Count            int // vectors of a line, not zero

	Lines            int // not zero
	DstLine, SrcLine int // from a line to the next
	ResidualLine     int

	Bias      unsafe.Pointer // 16 floats
	Residual  unsafe.Pointer // nil for none
	Low, High float32
}

// Product is the argument of the products of Winograd's convolution: a call
// multiplies some tiles, which lie side by side, by the matrix of one point,
//
//	Dst[o][tile][lane] (+)= Σ Weights[o][b][i][lane] · Src[b][tile][i]
//
// with o an output block, b an input block and i a channel of it. Distances are in
// bytes.
//
// Meanwhile kernels for amd64 ask for what will be read next, into the second cache:
// for each i, or some of them, what lies at Ahead, an address that goes on by AheadStep
// and need not be one of a value.
type Product struct {
	Dst, Src, Weights unsafe.Pointer
	Outs, DstBlock    int // output blocks, not zero, and from one to the next
	Ins, SrcBlock     int // input blocks, not zero, and from the end of one to the next
	Accumulate        int // 1 adds to what is in Dst, 0 replaces it
	Ahead             uintptr
	AheadStep         int
}

// WeightsAhead is how far ahead kernels ask for weights, in bytes: as far as memory
// needs, to the second cache, which has more requests under way than the first.
// Asked for by the first, or 2048 bytes ahead, weights came late.
const WeightsAhead = 8192

// WinogradPoints are the finite points at which the polynomials of Winograd's
// algorithm are evaluated; ∞ is another, and comes before them all. A tile uses
// as many of the first as it needs.
var WinogradPoints = [...]int64{0, 1, -1, 2, -2}

// WinogradTaps is the number of taps that the points serve: the 3 of a filter,
// or with stride 2 the 2 of them that fall on even samples, beside the one that
// falls on odd samples.
func WinogradTaps(stride int) int {
	if stride == 2 {
		return 2
	}
	return 3
}

// FilterTaps is the argument of the transform of filters: from
//
//	Src[input block][tap][input channel of 16][lane]
//
// to the values for the matrices, which lie DstStep bytes apart,
//
//	Dst[matrix][input channel][lane]
//
// in the order of matrices that Winograd's convolution has.
type FilterTaps struct {
	Dst, Src unsafe.Pointer
	DstStep  int
	Blocks   int // input blocks, not zero
}

// TapPortions is the number of portions into which the transform for tiles of F(4×4) is
// split, as products transform taps meanwhile: its 36 values are two of 18.
const TapPortions = 2

// TapAsks is how often such products ask for taps with 16 input channels: in all points
// of a tile for each line once. More would be loads, of which products have as many as
// they can do.
func TapAsks(stride int) int {
	n := 4 + 2
	if stride == 2 {
		n = 2*4 + 1
	}
	return (9*16 + n*n - 1) / (n * n)
}

// TransformsTaps reports whether there is a kernel of products of some tiles of F(4×4) that
// transforms taps meanwhile. F(2×2) has none: it takes as long without. Of more tiles the sums leave it no registers; these are
// what images of usual sizes have in small layers.
func TransformsTaps(tiles int) bool {
	switch tiles {
	case 4, 6, 8, 9, 12, 16:
		return true
	}
	return false
}

// ProductTaps is the argument of products of one output block that meanwhile transform
// other taps: a portion of the values of some channels, which lie side by side at
// Next. It must not have more channels than the product has input blocks.
type ProductTaps struct {
	Product
	Next     FilterTaps // without Blocks
	Channels int        // not zero
}

// FourTiles is the argument of the products of four tiles of F(4×4), two by two, and
// one output block: of all points at once, by taps that the kernel transforms in
// registers. From points in the order that ArrangeFour makes, and
//
//	Weights[input block][tap][input channel][lane]
//
// it makes Dst[point][tile][lane], whose points are FourTilesStep bytes apart. Tiles of the
// rest come first and last, as elsewhere in Winograd's convolution. A call uses up the
// argument.
type FourTiles struct {
	Dst, Src, Weights unsafe.Pointer
	Ins               int // input blocks, not zero
	Accumulate        int // 0; what is in Dst is not added to
}

// ArrangeFour is the argument of the kernels that bring a block of channels of four
// tiles' points,
//
//	Src[region][tile][16], FourTilesStep bytes from a region to the next,
//
// to the order in which products use them: four channels at one point of the rows,
//
//	Dst[point of the rows][channel / 4][region][tile][channel % 4]
//
// with the regions of even and odd phases that a point of the rows has.
type ArrangeFour struct{ Dst, Src unsafe.Pointer }

// FourTilesStep is the distance between points, in bytes: a cache line more than four
// tiles have.
const FourTilesStep = 5 * 64

// TransformKind is what a transform makes.
type TransformKind int

// The kinds of transform.
const (
	Points       TransformKind = iota // of samples: ∞, then the finite ones
	FinitePoints                      // of odd samples with stride 2: without ∞
	Sums                              // of points
	Pixels                            // of sums in the other direction, with bias, residual and bounds
	Taps                              // values at the points of a filter's taps; with stride 2, of taps 0 and 2
	RowPixels                         // of the points along a row, of which 1/2 is the last one
)

// Transform names a transform.
type Transform int

// NewTransform is the transform of tiles of m along an axis whose whole tiles
// are of base, which matters to the points of stride 1 alone. Taps are
// transformed for whole tiles.
func NewTransform(kind TransformKind, stride, base, m int) Transform {
	if kind != Points || stride != 1 {
		base = 0
	}
	return Transform(int(kind)<<8 | stride<<6 | base<<3 | m)
}
