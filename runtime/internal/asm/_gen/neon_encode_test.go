package main

import (
	"encoding/binary"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

// Every encoding is read back by a disassembler, for each register in each place.
func TestEncodings(t *testing.T) {
	var all []instruction
	for a := range vec(32) {
		for _, r := range [][3]vec{{a, 1, 2}, {1, a, 2}, {1, 2, a}} {
			d, n, m := r[0], r[1], r[2]
			for _, encode := range []func(d, n, m vec) instruction{fadd, fsub, fmul, fdiv, fmax, fmin} {
				all = append(all, encode(d, n, m))
			}
			for i := range 4 {
				all = append(all, fmlaElement(d, n, m, i))
			}
			all = append(all, frintn(d, n), fcvtns(d, n))
		}
	}
	for _, i := range all {
		got, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, i.word))
		if err != nil {
			t.Errorf("%s: %#08x: %v", i.text, i.word, err)
		} else if text := arm64asm.GNUSyntax(got); text != i.text {
			t.Errorf("%#08x is %s, want %s", i.word, text, i.text)
		}
	}
}
