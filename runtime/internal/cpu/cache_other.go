//go:build !amd64 || purego

package cpu

func secondCache() int { return 0 }
