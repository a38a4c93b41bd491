package kernel

// Version is the version of what emitted code calls. Emitted code holds
//
//	_ = uint(kernel.Version - N)
//	_ = uint(N - kernel.OldestVersion)
//
// where N is the version it was generated for: constants that overflow, and so
// do not compile, where the two do not fit.
const (
	Version       = 9
	OldestVersion = 9 // the oldest that still works
)
