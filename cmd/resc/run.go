package main

import (
	"encoding/json"
	"fmt"
	"image"
	_ "image/gif" // the formats of the standard library
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/atomicfile"
	"github.com/resc-lang/resc/internal/npy"
	"github.com/resc-lang/resc/runtime"
)

type runCmd struct {
	modelArgs
	fitFlags
	Images  []string `arg:"" optional:"" name:"image" help:"Images: PNG, JPEG or GIF."`
	Weights string   `placeholder:"FILE" help:"Checkpoint, PyTorch's, safetensors or .npz; by default the one that comes with the model."`
	Input   string   `placeholder:"X.npy" help:"Compute this array, f32 in NCHW order, as it is."`
	Output  string   `placeholder:"Y.npy" help:"Write the first output as f32, or to Y.npz every output by its name."`
	Top     int      `default:"5" placeholder:"K" help:"Classes to print for each image."`
	Threads int      `placeholder:"N" help:"Threads; by default one for each processor."`
	Format  string   `enum:"text,json" default:"text" help:"text, or json: one object a line."`
}

// Run computes each image or row in turn.
func (c *runCmd) Run(a *app) error {
	switch {
	case c.Input == "" && len(c.Images) == 0:
		return usagef("nothing to run on: name an image, or an array with --input X.npy")
	case c.Input != "" && len(c.Images) > 0:
		return usagef("--input and images exclude each other")
	case len(c.Outputs) > 0 && c.Output == "":
		return usagef("--outputs computes values that are no classes: say where they go with --output Y.npz")
	case c.Top < 1:
		return usagef("--top must be at least 1")
	case c.Threads < 0:
		return usagef("--threads must be at least 1")
	}
	var array *npy.Array
	shape, err := parseShape(c.Shape)
	if err != nil {
		return err
	}
	if c.Input != "" {
		if array, err = npy.ReadFile(c.Input); err != nil {
			return err
		}
		if shape, err = inputShape(c.Input, array.Shape, shape); err != nil {
			return err
		}
	}
	p, err := c.compileShape(a, shape)
	if err != nil {
		return err
	}
	file, err := c.openWeights(a, p, c.Weights, c.fitFlags)
	if err != nil {
		return err
	}
	network, err := p.Load(file)
	file.Close()
	if err != nil {
		return err
	}
	session := network.NewSession(runtime.Threads(c.Threads))
	defer session.Close()
	r := &runner{app: a, cmd: c, program: p, network: network, session: session}
	if array != nil {
		err = r.rows(array)
	} else {
		err = r.images()
	}
	if err != nil {
		return err
	}
	if c.Output != "" && r.count > 0 {
		if err := atomicfile.Write(c.Output, func(w io.Writer) error {
			arrays := r.arrays()
			if r.archive() {
				return npy.WriteArchive(w, arrays)
			}
			return npy.WriteFloat32(w, arrays[0].Shape, arrays[0].Values)
		}); err != nil {
			return err
		}
	}
	if r.failed > 0 {
		return errReported
	}
	return nil
}

// inputShape is the shape to compile for: the array's, which a --shape must
// agree with.
func inputShape(name string, array, shape []int) ([]int, error) {
	if len(array) == 3 {
		array = append([]int{1}, array...)
	}
	if len(array) != 4 || slices.Contains(array, 0) {
		return nil, fmt.Errorf("%s has shape %s, but an input is NxCxHxW", name, compiler.Dims(array))
	}
	if len(shape) == 3 {
		shape = append([]int{array[0]}, shape...)
	}
	if shape != nil && !slices.Equal(shape, array) {
		return nil, usagef("--shape %s differs from that of %s, %s", compiler.Dims(shape), name, compiler.Dims(array))
	}
	return array, nil
}

// runner runs a session over inputs and prints what comes out.
type runner struct {
	*app
	cmd     *runCmd
	program *compiler.Program
	network *compiler.Network
	session *compiler.Session

	shapes [][]int     // of one image's outputs
	values [][]float32 // of all images, an output each, for --output
	count  int
	failed int
}

// archive says whether every output is to be written.
func (r *runner) archive() bool { return strings.HasSuffix(r.cmd.Output, ".npz") }

// arrays are the outputs of all images.
func (r *runner) arrays() []npy.Named {
	var arrays []npy.Named
	for i, o := range r.program.NamedOutputs() {
		arrays = append(arrays, npy.Named{Name: o.Name, Shape: append([]int{r.count}, r.shapes[i]...), Values: r.values[i]})
	}
	return arrays
}

// images runs image files. One that cannot be read is reported and skipped.
func (r *runner) images() error {
	for i, name := range r.cmd.Images {
		r.progress(i, len(r.cmd.Images))
		values, h, w, err := r.decode(name)
		if err == nil {
			err = r.compute(name, values, h, w)
		}
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(r.stderr, "resc: %s: %v\n", name, err)
			r.failed++
		}
	}
	r.progress(len(r.cmd.Images), len(r.cmd.Images))
	return nil
}

// decode reads an image and preprocesses it.
func (r *runner) decode(name string) (values []float32, h, w int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, 0, bare(err)
	}
	defer f.Close()
	config, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, 0, 0, err
	}
	if config.Width < 1 || config.Height < 1 || config.Width > maxSide || config.Height > maxSide || config.Width*config.Height > maxPixels {
		return nil, 0, 0, fmt.Errorf("an image of %dx%d is too large: at most %d pixels are decoded", config.Width, config.Height, maxPixels)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, 0, 0, err
	}
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, 0, 0, err
	}
	return r.program.Preprocess(img)
}

// Bounds on an image before it is decoded.
const (
	maxSide   = 1 << 16
	maxPixels = 1 << 28
)

// rows runs the images of an array.
func (r *runner) rows(array *npy.Array) error {
	shape := array.Shape
	if len(shape) == 3 {
		shape = append([]int{1}, shape...)
	}
	values := array.AsFloat32()
	size := shape[1] * shape[2] * shape[3]
	for i := range shape[0] {
		name := fmt.Sprintf("%s[%d]", r.cmd.Input, i)
		if err := r.compute(name, values[i*size:(i+1)*size], shape[2], shape[3]); err != nil {
			return err
		}
	}
	return nil
}

// compute runs one image and prints its classes.
func (r *runner) compute(name string, values []float32, h, w int) error {
	var outputs [][]float32
	for i := range r.program.Outputs() {
		outputs = append(outputs, make([]float32, product(r.network.OutputShape(i, h, w))))
	}
	if err := r.session.Run(r.ctx, values, h, w, outputs); err != nil {
		return err
	}
	if err := r.keep(outputs, h, w); err != nil {
		return err
	}
	if shape := r.shapes[0]; product(shape) != shape[0] {
		if r.cmd.Output == "" {
			return fmt.Errorf("the first output is a feature map, %s: write it with --output Y.npy", compiler.Dims(shape))
		}
		return nil
	}
	if len(r.cmd.Outputs) > 0 {
		return nil
	}
	return r.print(name, runtime.TopK(outputs[0], r.program.Classes(), r.cmd.Top))
}

// keep takes an image's outputs down for --output. Images of other sizes than the
// first's may have outputs of another shape, which no array can hold.
func (r *runner) keep(outputs [][]float32, h, w int) error {
	shapes := make([][]int, len(outputs))
	for i := range outputs {
		shapes[i] = r.network.OutputShape(i, h, w)
		if r.cmd.Output != "" && r.shapes != nil && !slices.Equal(shapes[i], r.shapes[i]) {
			return fmt.Errorf("its output is %s, but that of the images before %s: write them to a file each", compiler.Dims(shapes[i]), compiler.Dims(r.shapes[i]))
		}
	}
	if r.shapes == nil {
		r.values = make([][]float32, len(outputs))
	}
	r.shapes = shapes
	for i, values := range outputs {
		if r.cmd.Output != "" && (i == 0 || r.archive()) {
			r.values[i] = append(r.values[i], values...)
		}
	}
	r.count++
	return nil
}

// print shows the likeliest classes of one image.
func (r *runner) print(name string, classes []runtime.Class) error {
	if r.cmd.Format == "json" {
		e := json.NewEncoder(r.stdout)
		e.SetEscapeHTML(false)
		return e.Encode(struct {
			File    string          `json:"file"`
			Classes []runtime.Class `json:"classes"`
		}{name, classes})
	}
	fmt.Fprintln(r.stdout, name)
	width := 0
	for _, c := range classes {
		width = max(width, len(c.Name))
	}
	for _, c := range classes {
		if _, err := fmt.Fprintf(r.stdout, "  %-*s  %6.2f %%\n", width, c.Name, 100*c.Probability); err != nil {
			return err
		}
	}
	return nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
