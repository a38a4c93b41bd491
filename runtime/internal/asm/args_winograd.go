package asm

import "unsafe"

// Winograd is the argument of the transforms of Winograd's convolution. A call
// takes tiles that lie side by side in a row, one block of channels. Distances
// are in bytes.
//
// The input transform reads tiles of n×n pixels at Image and writes n·n points;
// the output transform reads points and writes m×m pixels:
//
//	Image = min(max(Aᵀ·Points·A + Bias + Residual, Low), High)
type Winograd struct {
	Image     unsafe.Pointer // first pixel of the first tile
	Row, Tile int            // from a row of pixels to the next; from a tile to the next
	Points    unsafe.Pointer // first point of the first tile
	Point     int            // from a point to the next; tiles follow each other by 64
	Tiles     int            // not zero
	Scratch   unsafe.Pointer // n·n·16 floats

	Bias        unsafe.Pointer // 16 floats
	Residual    unsafe.Pointer // added to the first pixel; nil for none
	ResidualRow int
	Low, High   float32
}
