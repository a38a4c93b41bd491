// Package kernel is the entry points of emitted code: for each kind of layer a
// structure of constant geometry whose Run computes one image.
//
// Kernels trust their geometry, which the compiler has proved, and panic where
// buffers or weights do not fit it. They allocate nothing, but for the workspace of
// Winograd's algorithm, which a session's Threads keeps from its first run on. A
// kernel's result does not depend on the number of threads: each value is summed in
// one order, by one thread.
//
// Arguments of assembly that are made often are filled field by field. Go builds a
// literal of a variable whose address is taken elsewhere and copies it by loads that are
// wider than the stores before: a processor lets such a load wait until all stores before
// it have reached the cache, those of the last kernel too. Without that the CIFAR
// networks take 5 % less time. For the same reason two floats that lie side by side are
// not copied one after the other, as Go would load both at once.
//
// The package is for emitted code and for resc itself; its version is checked
// when emitted code is compiled. Other programs use the emitted packages.
package kernel
