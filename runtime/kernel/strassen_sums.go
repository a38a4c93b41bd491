package kernel

// sumPixels bounds the pixels of a call of the sums of one level, for tens of
// microseconds, unless a row has more. Those of two levels have fewer, by sumBytes.
const sumPixels = 1 << 12

// addUp computes the sums: of a block of each part of the channels at a time, so
// that those of the second level find those of the first in the cache.
func (s *strassenStrip) addUp() {
	input, area := s.input(), s.area()
	first, second := area.halves(0)
	ins := s.In.blocks()
	if area.rows%2+area.columns%2 > 0 {
		clear(s.zeros)
	}
	if s.levels == 2 && area.rows%2 == 0 && area.columns%2 == 0 {
		for block := range ins / 4 {
			s.addParts(&input, block, first.rows)
		}
		return
	}
	for block := range ins >> s.levels {
		for b := block; b < ins/2; b += ins >> s.levels {
			s.addHalves(&quarterSums{matrix: &input, area: area, sums: &s.sums[0], block: b})
		}
		if s.levels == 1 {
			continue
		}
		for i := range strassenProducts {
			half := first
			if strassenProducts[i].onSecond {
				half = second
			}
			if !half.empty() {
				part := s.left(0, &input, area.columns, &s.sums[0], i, 0)
				s.addHalves(&quarterSums{level: 1, matrix: &part, area: half, sums: &s.sums[1+i], block: block})
			}
		}
	}
}

// quarterSums is sums of a block of the quarters of a matrix.
type quarterSums struct {
	level  int
	matrix *strassenView
	area   strassenArea // of the matrix
	sums   *[4]strassenView
	block  int
}

// addHalves computes sums of the halves. Pixels of the first without a partner in
// the second are added to zeros.
func (s *strassenStrip) addHalves(q *quarterSums) {
	first, second := q.area.halves(q.level)
	most := max(sumPixels/first.columns, 1)
	for row := 0; row < second.rows && second.columns > 0; row += most {
		s.addQuarters(q, row, 0, strassenArea{min(most, second.rows-row), second.columns}, false)
	}
	if first.rows > second.rows {
		s.addQuarters(q, second.rows, 0, strassenArea{1, first.columns}, true)
	}
	if first.columns > second.columns {
		for row := range first.rows {
			s.addQuarters(q, row, second.columns, strassenArea{1, 1}, true)
		}
	}
}
