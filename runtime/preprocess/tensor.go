package preprocess

import "math"

// resizeTensor is ResizeTo for the filters that round once. Rows are resized as
// they are needed and kept while columns still weigh them, so that memory does
// not grow with the height.
func (m *RGB) resizeTensor(width, height int, f Filter) *RGB {
	out := newRGB(width, height)
	columns := filterTaps(m.Width, width, f, floatWeights)
	rows := map[int][]float32{}
	sums := make([]float32, 3*width)
	for y, t := range filterTaps(m.Height, height, f, floatWeights) {
		clear(sums)
		for j, w := range t.weights {
			row, ok := rows[t.start+j]
			if !ok {
				row = m.resizeRow(t.start+j, columns)
				rows[t.start+j] = row
			}
			for i, v := range row {
				sums[i] += w * v
			}
		}
		for at := range rows {
			if at < t.start {
				delete(rows, at)
			}
		}
		dst := out.row(y)
		for i, v := range sums {
			dst[i] = byte(math.RoundToEven(float64(min(max(v, 0), 255))))
		}
	}
	return out
}

// resizeRow changes the width of row y.
func (m *RGB) resizeRow(y int, columns []taps[float32]) []float32 {
	src, dst := m.row(y), make([]float32, 3*len(columns))
	for i, t := range columns {
		var r, g, b float32
		for j, w := range t.weights {
			pixel := src[3*(t.start+j):][:3]
			r += w * float32(pixel[0])
			g += w * float32(pixel[1])
			b += w * float32(pixel[2])
		}
		dst[3*i], dst[3*i+1], dst[3*i+2] = r, g, b
	}
	return dst
}

// floatWeights gives weights that sum to 1.
func floatWeights(values []float64, total float64) []float32 {
	weights := make([]float32, len(values))
	for i, v := range values {
		if total != 0 {
			v /= total
		}
		weights[i] = float32(v)
	}
	return weights
}
