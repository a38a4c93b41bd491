// Package resc is the root of a compiler for residual networks. It holds no code
// of its own: the command is cmd/resc, the compiler's face for Go programs is
// package compiler, and what compiled networks link against is package runtime.
package resc
