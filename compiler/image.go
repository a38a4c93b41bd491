package compiler

import (
	"errors"
	"image"

	"github.com/resc-lang/resc/runtime/preprocess"
)

// Input is the shape of one image: channels, height and width, the largest
// where they vary.
func (p *Program) Input() (channels, height, width int) {
	s := p.model.Input.Shape
	return s.C, s.H.Max(), s.W.Max()
}

// Batch is the batch of the shape that the program was compiled for.
func (p *Program) Batch() int { return p.model.Batch }

// Name is the model's.
func (p *Program) Name() string { return p.model.Name }

// Classes are the names of the classes, or nil.
func (p *Program) Classes() []string { return p.model.Classes }

// ShippedWeights is the file of weights that comes with the model for its
// parameters, relative to the model's file, or "".
func (p *Program) ShippedWeights() string { return p.model.Weights }

// Outputs is the number of outputs.
func (p *Program) Outputs() int { return len(p.model.Outputs) }

// Preprocess makes the input of an image, as the model's file says: values in
// NCHW order, and their height and width. It may be called concurrently.
func (p *Program) Preprocess(img image.Image) (values []float32, height, width int, err error) {
	if len(p.model.Preprocess) == 0 {
		return nil, 0, 0, errors.New("the model does not say how an image becomes its input: it has no preprocess statement")
	}
	c, h, w := p.Input()
	if c != 3 {
		return nil, 0, 0, errors.New("images have three channels, but the model takes another number")
	}
	m := preprocess.FromImage(img)
	raw := false
	var norm func(dst []float32) error
	for _, s := range p.model.Preprocess {
		filter := preprocess.Bilinear
		if s.Filter == "bicubic" {
			filter = preprocess.Bicubic
		}
		switch {
		case s.Kind == "resize" && len(s.Sizes) == 2:
			m = m.ResizeTo(s.Sizes[1], s.Sizes[0], filter)
		case s.Kind == "resize":
			m = m.Resize(s.Sizes[0], filter)
		case s.Kind == "crop":
			m = m.CenterCrop(s.Sizes[0], s.Sizes[len(s.Sizes)-1])
		case s.Kind == "raw":
			raw = true
		case s.Kind == "normalize":
			mean, std := triple(s.Mean), triple(s.StdDev)
			norm = func(dst []float32) error {
				if raw {
					return m.NormalizeRaw(dst, mean, std)
				}
				return m.Normalize(dst, mean, std)
			}
		}
	}
	if err := m.CheckSize(h, w); err != nil {
		return nil, 0, 0, err
	}
	values = make([]float32, c*h*w)
	switch {
	case norm != nil:
		err = norm(values)
	case raw:
		err = m.Raw(values)
	default:
		err = m.Unit(values)
	}
	return values, h, w, err
}

func triple(v []float64) [3]float32 {
	return [3]float32{float32(v[0]), float32(v[1]), float32(v[2])}
}
