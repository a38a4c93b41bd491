package check

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// PreStep is a step of preprocessing: resize, crop, normalize or raw.
type PreStep struct {
	Kind            string
	Sizes           []int // resize and crop: the shorter side, or height and width
	Bicubic, Tensor bool  // resize: the filter, bilinear as Pillow computes it where both are false
	Mean, StdDev    []float64
}

// Filter is the filter of a resize.
func (s PreStep) Filter() preprocess.Filter {
	switch {
	case s.Bicubic && s.Tensor:
		return preprocess.BicubicTensor
	case s.Bicubic:
		return preprocess.Bicubic
	case s.Tensor:
		return preprocess.BilinearTensor
	}
	return preprocess.Bilinear
}

// String is the step as a .res file writes it.
func (s PreStep) String() string {
	text := s.Kind
	switch s.Kind {
	case "resize", "crop":
		text += " " + strconv.Itoa(s.Sizes[0])
		if len(s.Sizes) == 2 {
			text += "x" + strconv.Itoa(s.Sizes[1])
		}
	case "normalize":
		text += fmt.Sprintf(" %s, %s", list(s.Mean), list(s.StdDev))
	}
	if s.Bicubic {
		text += ", bicubic"
	}
	if s.Tensor {
		text += ", tensor"
	}
	return text
}

// list is a list of decimals.
func list(v []float64) string {
	var parts []string
	for _, x := range v {
		parts = append(parts, strconv.FormatFloat(x, 'g', -1, 64))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
