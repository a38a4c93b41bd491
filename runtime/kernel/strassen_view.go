package kernel

// strassenView is a part of an image: of its channels, rows and columns.
type strassenView struct {
	values            []float32 // from the first pixel of the first block on
	span              int       // of all the blocks: the second half of them begins in its middle
	plane, row, pixel int       // from a block, a row, a pixel to the next
}

// quarter is a quarter of a view of some columns, on a level.
func (v strassenView) quarter(level, quarter, columns int) strassenView {
	v.span /= 2
	at := quarter % 2 * v.span
	if quarter/2 == 1 {
		if level == 0 {
			at += v.row
		} else {
			at += (columns + 1) / 2 * v.pixel
		}
	}
	if level == 0 {
		v.row *= 2
	}
	v.values = v.values[at:]
	return v
}

// rows are those of a view, for kernels.
func (v *strassenView) rows() pixelRows { return pixelRows{plane: v.plane, row: v.row} }

// strassenArea is a number of rows and columns.
type strassenArea struct{ rows, columns int }

// halves are those of an area on a level: the first, and the second, which may be
// smaller.
func (a strassenArea) halves(level int) (first, second strassenArea) {
	first, second = a, a
	if level == 0 {
		first.rows, second.rows = (a.rows+1)/2, a.rows/2
	} else {
		first.columns, second.columns = (a.columns+1)/2, a.columns/2
	}
	return first, second
}

func (a strassenArea) empty() bool { return a.rows == 0 || a.columns == 0 }
