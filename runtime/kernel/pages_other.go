//go:build !linux

package kernel

// Other systems choose the size of pages themselves.

func enlargeLater([]float32) {}

// UseLargePages does nothing on this system.
func UseLargePages() {}
