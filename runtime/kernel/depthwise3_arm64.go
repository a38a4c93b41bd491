//go:build !purego

package kernel

// computeThreeColumns is for amd64. It reports false.
func (j *depthwiseJob) computeThreeColumns(_, _, _ int) bool { return false }
