// Package runtime is what the packages that resc emits stand on: loading
// weights, sessions and their threads, tensors of sizes that vary, and the
// ranking of classes. The kernels are in package kernel, the pictures in
// package preprocess, the checkpoints in package safetensors.
//
// It holds no graph and no interpreter: which layer follows which is emitted
// code.
package runtime
