package check

import (
	"math"
	"slices"

	"github.com/resc-lang/resc/dsl"
)

// preprocess checks how an image becomes the input.
func (f *frame) preprocess(s *dsl.Preprocess) []PreStep {
	var steps []PreStep
	for _, o := range s.Steps {
		step := PreStep{Kind: o.Name.Text}
		ok := false
		switch step.Kind {
		case "resize", "crop":
			ok = f.preSize(o, &step)
		case "normalize":
			ok = f.normalize(o, &step)
		case "raw":
			ok = len(o.Args) == 0
			if !ok {
				f.errorf(BadPreprocess, o.Span, "raw takes no arguments")
			}
		default:
			d := f.errorf(BadPreprocess, o.Name.Span, "%s is no step of preprocessing", step.Kind)
			if suggest(d, o.Name.Span, step.Kind, []string{"resize", "crop", "normalize", "raw"}); d.Hint == nil {
				d.Hintf(nil, "there are resize, crop, normalize and raw")
			}
		}
		if ok {
			steps = append(steps, step)
		}
	}
	if i := slices.IndexFunc(steps, func(p PreStep) bool { return p.Kind == "normalize" }); i >= 0 && i != len(steps)-1 {
		f.errorf(BadPreprocess, s.Span, "normalize comes last")
	}
	return steps
}

// preSize reads the sizes of resize and crop: one for the shorter side, or the
// crop's both; two as HxW. resize takes a filter too, and whether it computes as
// tensors are resized.
func (f *frame) preSize(o *dsl.Op, step *PreStep) bool {
	for _, a := range o.Args {
		switch e := a.Value.(type) {
		case *dsl.KernelExpr:
			var h, w int
			if !f.size(e.Height, &h) || !f.size(e.Width, &w) {
				return false
			}
			step.Sizes = []int{h, w}
		case *dsl.NameExpr:
			if step.Kind == "resize" && a.Name == nil {
				switch e.Name {
				case "bilinear", "bicubic":
					step.Bicubic = e.Name == "bicubic"
					continue
				case "tensor":
					step.Tensor = true
					continue
				}
			}
			n := 0
			if !f.size(e, &n) {
				return false
			}
			step.Sizes = []int{n}
		default:
			n := 0
			if a.Value == nil || a.Name != nil || a.Stride {
				f.errorf(BadPreprocess, a.Span, "%s takes a size, as in %s 224", step.Kind, step.Kind)
				return false
			}
			if !f.size(a.Value, &n) {
				return false
			}
			step.Sizes = []int{n}
		}
	}
	if len(step.Sizes) == 0 || slices.Min(step.Sizes) < 1 || slices.Max(step.Sizes) > maxImage {
		f.errorf(BadPreprocess, o.Span, "%s takes a size of 1 to %d, as in %s 224", step.Kind, maxImage, step.Kind)
		return false
	}
	return true
}

// maxImage bounds the sides of a preprocessed image.
const maxImage = 1 << 14

// normalize reads mean and standard deviation, one for each channel.
func (f *frame) normalize(o *dsl.Op, step *PreStep) bool {
	var lists [][]float64
	for _, a := range o.Args {
		l, ok := a.Value.(*dsl.ListExpr)
		if !ok {
			continue
		}
		var numbers []float64
		for _, e := range l.Items {
			switch e := e.(type) {
			case *dsl.Decimal:
				numbers = append(numbers, e.Value)
			case *dsl.Number:
				numbers = append(numbers, float64(e.Value))
			}
		}
		lists = append(lists, numbers)
	}
	zero := func(v float64) bool { return float32(v) == 0 } // inputs are computed in single precision
	infinite := func(v float64) bool { return math.IsInf(float64(float32(v)), 0) }
	if len(o.Args) != 2 || len(lists) != 2 || len(lists[0]) != 3 || len(lists[1]) != 3 ||
		slices.ContainsFunc(lists[1], zero) || slices.ContainsFunc(slices.Concat(lists...), infinite) {
		f.errorf(BadPreprocess, o.Span, "normalize takes the means and the standard deviations of red, green and blue").
			Hintf(nil, "write normalize [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]")
		return false
	}
	step.Mean, step.StdDev = lists[0], lists[1]
	return true
}
