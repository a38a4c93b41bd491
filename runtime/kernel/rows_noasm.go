//go:build !(amd64 || arm64) || purego

package kernel

func poolRow(dst, src []float32, p *Pool, row, pixels int, start, scale float32) bool { return false }

func maxPool3Row(dst []float32, rows [3][]float32, pixels int, before bool) bool { return false }

func mulAddRow(dst, x, y, z []float32, yStep, zStep int, low, high float32) bool { return false }

func denseRow(sums *lanes, src, weights []float32) bool { return false }
