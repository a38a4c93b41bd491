//go:build !linux

package kernel

// adviseHuge does nothing: other systems choose the size of pages themselves.
func adviseHuge([]byte) {}
