// Package packed reads and writes files of packed weights (.resw): a model's
// weights with its norms folded in, in the order in which the kernels of one tier
// of processors read them, so that a file mapped into memory is ready to run.
//
//	 0  8 bytes   Magic
//	 8  uint32    version of this format
//	12  uint32    CRC-32C of all bytes from 16 to the end of the index
//	16  uint64    length of the file
//	24  uint64    length of the index
//	32  the index: JSON, an Index
//	    zeros to a multiple of 4096
//	    sections, in the order of the index, each at a multiple of 64
//
// All numbers are little-endian. A file comes from anywhere, so nothing in it is
// believed: every length is compared with the bytes that there are before it is
// used. docs/packed.md describes the format for people.
package packed
