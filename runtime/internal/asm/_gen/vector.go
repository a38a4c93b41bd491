package main

import (
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vectors are the registers of an instruction set.
type vectors struct {
	name  string
	bytes int // of a register
	regs  []VecPhysical
}

// perBlock is the number of registers that hold a block of 16 floats.
func (v vectors) perBlock() int { return 64 / v.bytes }

var avx512 = vectors{"AVX512", 64, []VecPhysical{
	Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
	Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
}}

var avx2 = vectors{"AVX2", 32, []VecPhysical{
	Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15,
}}

// at is memory at a distance from a base.
func at(base Register, distance int) Mem { return Mem{Base: base, Disp: distance} }
