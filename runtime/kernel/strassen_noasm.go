//go:build !amd64 || purego

package kernel

// Pack does not choose Strassen's algorithm for the other tiers.

func (j *strassenJob) addQuarters(int, int, int) { panic("kernel: no Strassen on this tier") }

func (s *strassenStrip) last(int, int, int) { panic("kernel: no Strassen on this tier") }
