//go:build !(amd64 || arm64) || purego

package kernel

func (j *directJob) compute(r *directRows) { j.computePortable(r) }

func (j *depthwiseJob) compute(block, top, bottom int) { j.computePortable(block, top, bottom) }
