package onnx

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/dsl"
	format "github.com/resc-lang/resc/internal/onnx"
)

// sizes is an input's, as the file declares it and at its largest.
type sizes struct {
	shape [3]int
	text  string // [3, 224, 224]
}

// inputSizes finds what an input is: as asked for, or as the file says. Of a file
// that resc exported, sizes may vary.
func inputSizes(m *format.Model, asked []int) (*sizes, error) {
	in, err := inputOf(m)
	if err != nil {
		return nil, err
	}
	if asked == nil {
		if s := declaredSizes(m, in); s != nil {
			return s, nil
		}
		for _, d := range in.Shape[min(1, len(in.Shape)):] {
			if d.Size < 1 || d.Size > 1<<20 {
				return nil, fmt.Errorf("its input %s has no fixed size: give one with --shape CxHxW", in.Name)
			}
			asked = append(asked, int(d.Size))
		}
	}
	if len(asked) == 4 {
		asked = asked[1:]
	}
	if len(asked) != 3 {
		return nil, fmt.Errorf("its input %s is no batch of images: [N, C, H, W] is wanted", in.Name)
	}
	return &sizes{[3]int(asked), fmt.Sprintf("[%d, %d, %d]", asked[0], asked[1], asked[2])}, nil
}

// span is a range of sizes in the metadata.
var span = regexp.MustCompile(`^(height|width|side)=([0-9]{1,7})\.\.([0-9]{1,7}) by ([0-9]{1,7})$`)

// declaredSizes is an input's size where resc exported it as varying, or nil.
func declaredSizes(m *format.Model, in format.Value) *sizes {
	text, ok := m.Property(sizesKey)
	if !ok || len(in.Shape) != 4 || in.Shape[1].Size < 1 || in.Shape[1].Size > 1<<20 {
		return nil
	}
	s := &sizes{shape: [3]int{int(in.Shape[1].Size)}}
	parts := []string{strconv.Itoa(s.shape[0])}
	square := ""
	for axis := 2; axis < 4; axis++ {
		d := in.Shape[axis]
		written := strconv.FormatInt(d.Size, 10)
		s.shape[axis-1] = int(d.Size)
		for _, part := range strings.Split(text, ", ") {
			if x := span.FindStringSubmatch(part); x != nil && x[1] == d.Name {
				written = x[2] + ".." + x[3]
				if x[4] != "1" {
					written += " by " + x[4]
				}
				low, _ := strconv.Atoi(x[2]) // of at most seven digits
				high, _ := strconv.Atoi(x[3])
				step, _ := strconv.Atoi(x[4])
				s.shape[axis-1] = high - (high-low)%max(step, 1)
				if d.Name == "side" {
					square = " square"
				}
			}
		}
		if s.shape[axis-1] < 1 {
			return nil
		}
		parts = append(parts, written)
	}
	s.text = "[" + strings.Join(parts, ", ") + "]" + square
	return s
}

// doc is the model's documentation.
func (im *importer) doc() []string {
	if im.model.Producer == "resc" && im.model.Doc != "" && dsl.Holds(strings.ReplaceAll(im.model.Doc, "\n", "")) {
		return strings.Split(im.model.Doc, "\n")
	}
	by := ""
	if p := strings.TrimSpace(im.model.Producer + " " + im.model.ProducerVersion); p != "" && dsl.Holds(p) {
		by = ", written by " + p
	}
	return []string{fmt.Sprintf("%s was imported from ONNX%s.", im.name, by)}
}

// word is what the language takes as a name.
var word = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved cannot name a value.
var reserved = []string{"as", "by", "from", "no", "x", "input"}

// identifier is a name of the file's that the language takes, or otherwise.
func identifier(name, otherwise string) string {
	if word.MatchString(name) && !slices.Contains(reserved, name) {
		return name
	}
	return otherwise
}

func inputName(name string) string { return identifier(name, "image") }

// ModelName is a name for a model made of a file's.
func ModelName(file string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, file)
	if !word.MatchString(name) || slices.Contains(reserved, name) {
		return "model_" + name
	}
	return name
}
