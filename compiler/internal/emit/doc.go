// Package emit prints a schedule as a Go package: code that a person could have
// written, calling the kernels of resc's runtime with constant geometry.
//
// The same schedule gives the same bytes on every host. Blocks that are alike
// share their functions, so that ResNet-152 is as much code as ResNet-50; every
// function quotes the line of the .res file that it comes from.
package emit
