package dsl

// Code names a kind of diagnostic. Codes are stable: scripts and editors lean
// on them.
type Code string
