package compiler

import (
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/runtime/preprocess"
)

// Input is the shape of one image: channels, height and width, the largest
// where they vary.
func (p *Program) Input() (channels, height, width int) {
	s := p.model.Graph.Input().Shape
	return s.C, s.H.Max(), s.W.Max()
}

// Batch is the batch of the shape that the program was compiled for.
func (p *Program) Batch() int { return p.model.Batch }

// Name is the model's.
func (p *Program) Name() string { return p.model.Name }

// Memory is the choice that the program was compiled with.
func (p *Program) Memory() Memory { return Memory(p.schedule.Memory) }

// Classes are the names of the classes, or nil.
func (p *Program) Classes() []string { return p.model.Classes }

// ShippedWeights is the file of weights that comes with the model for its
// parameters, relative to the model's file, or "".
func (p *Program) ShippedWeights() string { return p.model.Weights }

// Outputs is the number of outputs.
func (p *Program) Outputs() int { return len(p.model.Graph.Outputs) }

// Preprocess makes the input of an image, as the model's file says: values in
// NCHW order, and their height and width. It may be called concurrently.
func (p *Program) Preprocess(img image.Image) (values []float32, height, width int, err error) {
	inputs, height, width, err := p.PreprocessRGB(preprocess.FromImage(img), 1)
	if err != nil {
		return nil, 0, 0, err
	}
	return inputs[0], height, width, nil
}

// PreprocessRGB is Preprocess for a picture in RGB. Where crops is 5 or 10, the
// model's crop is taken there as preprocess.FiveCrop or TenCrop does, and there
// are as many inputs; otherwise crops is 1.
func (p *Program) PreprocessRGB(m *preprocess.RGB, crops int) (inputs [][]float32, height, width int, err error) {
	if err := p.CheckPreprocess(crops); err != nil {
		return nil, 0, 0, err
	}
	c, h, w := p.Input()
	pictures := []*preprocess.RGB{m}
	each := func(f func(m *preprocess.RGB) *preprocess.RGB) {
		for i, m := range pictures {
			pictures[i] = f(m)
		}
	}
	store := (*preprocess.RGB).Unit
	raw := false
	for _, s := range p.model.Preprocess {
		switch {
		case s.Kind == "resize" && len(s.Sizes) == 2:
			each(func(m *preprocess.RGB) *preprocess.RGB { return m.ResizeTo(s.Sizes[1], s.Sizes[0], s.Filter()) })
		case s.Kind == "resize":
			each(func(m *preprocess.RGB) *preprocess.RGB { return m.Resize(s.Sizes[0], s.Filter()) })
		case s.Kind == "crop" && len(pictures) < crops:
			pictures = cut(pictures[0], s.Sizes[0], s.Sizes[len(s.Sizes)-1], crops)
		case s.Kind == "crop":
			each(func(m *preprocess.RGB) *preprocess.RGB { return m.CenterCrop(s.Sizes[0], s.Sizes[len(s.Sizes)-1]) })
		case s.Kind == "raw":
			raw, store = true, (*preprocess.RGB).Raw
		case s.Kind == "normalize":
			mean, std := triple(s.Mean), triple(s.StdDev)
			store = func(m *preprocess.RGB, dst []float32) error {
				if raw {
					return m.NormalizeRaw(dst, mean, std)
				}
				return m.Normalize(dst, mean, std)
			}
		}
	}
	for _, m := range pictures {
		if err := m.CheckSize(h, w); err != nil {
			return nil, 0, 0, err
		}
		values := make([]float32, c*h*w)
		if err := store(m, values); err != nil {
			return nil, 0, 0, err
		}
		inputs = append(inputs, values)
	}
	return inputs, h, w, nil
}

// cut takes five or ten crops.
func cut(m *preprocess.RGB, height, width, crops int) []*preprocess.RGB {
	if crops == 10 {
		ten := m.TenCrop(height, width)
		return ten[:]
	}
	five := m.FiveCrop(height, width)
	return five[:]
}

// CheckPreprocess says whether the model can make that number of inputs of an
// image: it fails where the model does not say how, and for crops other than 1
// where it does not crop.
func (p *Program) CheckPreprocess(crops int) error {
	if len(p.model.Preprocess) == 0 {
		return errors.New("the model does not say how an image becomes its input: it has no preprocess statement")
	}
	if c, _, _ := p.Input(); c != 3 {
		return errors.New("images have three channels, but the model takes another number")
	}
	switch crops {
	case 1:
		return nil
	case 5, 10:
		if !slices.ContainsFunc(p.model.Preprocess, func(s check.PreStep) bool { return s.Kind == "crop" }) {
			return fmt.Errorf("the model's preprocessing has no crop, of which there could be %d", crops)
		}
		return nil
	}
	return fmt.Errorf("there are 1, 5 or 10 crops of an image, not %d", crops)
}

func triple(v []float64) [3]float32 {
	return [3]float32{float32(v[0]), float32(v[1]), float32(v[2])}
}
