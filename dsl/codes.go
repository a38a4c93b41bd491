package dsl

import "slices"

// Code names a kind of diagnostic. Codes are stable: scripts and editors lean
// on them.
type Code string

// CodeInfo explains a code.
type CodeInfo struct {
	Code        Code
	Title       string
	Explanation string
	// Example is a file that provokes the code, and no other; empty where none
	// can be short.
	Example string
}

// Codes lists every code, the parser's first.
func Codes() []CodeInfo { return slices.Concat(syntaxCodes, checkCodes) }

// Info looks a code up.
func (c Code) Info() (CodeInfo, bool) {
	for _, info := range Codes() {
		if info.Code == c {
			return info, true
		}
	}
	return CodeInfo{}, false
}
