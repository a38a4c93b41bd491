package main

import "fmt"

// instruction is one that Go's assembler does not have: its encoding, and how
// Arm writes it. The encodings are from the Arm Architecture Reference Manual,
// C7.2.
type instruction struct {
	word uint32
	text string
}

// of3 encodes an instruction of three registers of 4 floats.
func of3(name string, opcode uint32, d, n, m vec) instruction {
	return instruction{opcode | uint32(m)<<16 | uint32(n)<<5 | uint32(d), fmt.Sprintf("%s v%d.4s, v%d.4s, v%d.4s", name, d, n, m)}
}

func fadd(d, n, m vec) instruction { return of3("fadd", 0x4e20d400, d, n, m) } // d = n + m
func fsub(d, n, m vec) instruction { return of3("fsub", 0x4ea0d400, d, n, m) } // d = n - m
func fmul(d, n, m vec) instruction { return of3("fmul", 0x6e20dc00, d, n, m) } // d = n · m
func fdiv(d, n, m vec) instruction { return of3("fdiv", 0x6e20fc00, d, n, m) } // d = n / m
func fmax(d, n, m vec) instruction { return of3("fmax", 0x4e20f400, d, n, m) } // NaN if either is
func fmin(d, n, m vec) instruction { return of3("fmin", 0x4ea0f400, d, n, m) } // NaN if either is

// fmlaElement is d += n · m[i], rounded once.
func fmlaElement(d, n, m vec, i int) instruction {
	word := 0x4f801000 | uint32(i&1)<<21 | uint32(i>>1)<<11 | uint32(m)<<16 | uint32(n)<<5 | uint32(d)
	return instruction{word, fmt.Sprintf("fmla v%d.4s, v%d.4s, v%d.s[%d]", d, n, m, i)}
}

// of2 encodes an instruction of two registers of 4 numbers.
func of2(name string, opcode uint32, d, n vec) instruction {
	return instruction{opcode | uint32(n)<<5 | uint32(d), fmt.Sprintf("%s v%d.4s, v%d.4s", name, d, n)}
}

func frintn(d, n vec) instruction { return of2("frintn", 0x4e218800, d, n) } // to the nearest integer
func fcvtns(d, n vec) instruction { return of2("fcvtns", 0x4e21a800, d, n) } // the same, as int32
