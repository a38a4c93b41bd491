package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"
)

// results are what a run of the command measured.
type results struct {
	Date      string      `json:"date"`
	Machine   machine     `json:"machine"`
	Speed     []speed     `json:"speed"`
	Agreement []agreement `json:"agreement"`
	Start     []start     `json:"start"`
	Size      size        `json:"size"`
	Gomlx     []gomlx     `json:"gomlx,omitempty"`
}

// speed compares latencies of a network: alternating, a process of each
// a round. Latencies are of a batch.
type speed struct {
	Network     string  `json:"network"`
	Threads     int     `json:"threads"`
	Batch       int     `json:"batch"`
	Tier        string  `json:"tier,omitempty"` // that resc was held to
	Rounds      int     `json:"rounds"`
	Resc        timed   `json:"resc"`
	ONNXRuntime timed   `json:"onnxruntime"`
	Ratio       ratio   `json:"ratio"`
	All         []round `json:"all"`
}

// ratio is ONNX Runtime's median time over resc's: of each round, then the median of
// these, the lowest and the highest; and that of the best times of all rounds.
type ratio struct {
	Median   float64 `json:"median"`
	Lowest   float64 `json:"lowest"`
	Highest  float64 `json:"highest"`
	OfMinima float64 `json:"of_minima"`
}

// round is one process of each program.
type round struct {
	Resc        timed `json:"resc"`
	ONNXRuntime timed `json:"onnxruntime"`
}

// agreement is how far the outputs are apart.
type agreement struct {
	Network  string  `json:"network"`
	Largest  float64 `json:"largest"`  // absolute value of ONNX Runtime's output
	Absolute float64 `json:"absolute"` // largest difference
	Relative float64 `json:"relative"` // of the largest value
}

// start is the time of whole processes that load a network, compute one image from a
// file and write the output to one, beside processes that do nothing; medians.
type start struct {
	Network       string  `json:"network"`
	RescMS        float64 `json:"resc_ms"`
	PackedMS      float64 `json:"packed_ms"` // resc from packed weights
	ONNXRuntimeMS float64 `json:"onnxruntime_ms"`
	EmptyGoMS     float64 `json:"empty_go_ms"`
	EmptyNodeMS   float64 `json:"empty_node_ms"`
	// ColdMS is from opening packed weights to the first output, as cold starts are
	// measured from a checkpoint.
	ColdMS float64 `json:"packed_cold_start_ms"`
}

// size is that of what is shipped.
type size struct {
	ExampleBytes int64 `json:"example_bytes"` // examples/resnet50, static and stripped
	LibraryBytes int64 `json:"library_bytes"` // ONNX Runtime's shared library
}

// measure does everything that the options ask for.
func (t *tools) measure(ctx context.Context, o *options) (*results, error) {
	r := &results{Date: time.Now().UTC().Format(time.DateOnly)}
	var err error
	if r.Machine, err = t.machine(ctx); err != nil {
		return nil, err
	}
	for _, n := range o.networks {
		log.Printf("%s: exporting, comparing outputs", n.name)
		if err := t.export(ctx, n); err != nil {
			return nil, err
		}
		if err := t.input(n); err != nil {
			return nil, err
		}
		s, err := t.start(ctx, n, o.rounds)
		if err != nil {
			return nil, err
		}
		r.Start = append(r.Start, s)
		a, err := t.agreement(n)
		if err != nil {
			return nil, err
		}
		r.Agreement = append(r.Agreement, a)
		for _, c := range cells(n, o) {
			s, err := t.speed(ctx, n, c, o)
			if err != nil {
				return nil, err
			}
			log.Printf("%s", s.line())
			r.Speed = append(r.Speed, s)
		}
	}
	for path, bytes := range map[string]*int64{t.example: &r.Size.ExampleBytes, t.library: &r.Size.LibraryBytes} {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		*bytes = info.Size()
	}
	if o.gomlx {
		r.Gomlx = t.gomlx(ctx, o)
	}
	return r, nil
}

// cell is one way to measure a network.
type cell struct {
	threads, batch int
	tier           string
}

// throughput are the networks that are measured with batches, and AVX2 that with
// the tier.
var (
	throughput = []string{"resnet18", "resnet50"}
	avx2       = []string{"resnet50"}
)

// cells are the ways to measure a network.
func cells(n network, o *options) []cell {
	var all []cell
	for _, threads := range o.threads {
		all = append(all, cell{threads: threads, batch: 1})
		if slices.Contains(avx2, n.name) && threads == 1 {
			all = append(all, cell{threads: threads, batch: 1, tier: "avx2"})
		}
		if slices.Contains(throughput, n.name) {
			for _, b := range o.batches {
				all = append(all, cell{threads: threads, batch: b})
			}
		}
	}
	return all
}

// speed measures one cell.
func (t *tools) speed(ctx context.Context, n network, c cell, o *options) (speed, error) {
	s := speed{Network: n.name, Threads: c.threads, Batch: c.batch, Tier: c.tier, Rounds: o.rounds}
	first, err := t.round(ctx, n, c, 2, 2)
	if err != nil {
		return s, err
	}
	// As many runs as take the asked time, so that a fast network is timed often.
	runs := func(ms float64) int { return min(max(int(o.seconds*1000/ms), 3), 500) }
	ours, theirs := runs(first.Resc.MedianMS), runs(first.ONNXRuntime.MedianMS)
	for range o.rounds {
		r, err := t.round(ctx, n, c, ours, theirs)
		if err != nil {
			return s, err
		}
		s.All = append(s.All, r)
	}
	s.sum()
	return s, nil
}

// round runs a process of each program.
func (t *tools) round(ctx context.Context, n network, c cell, ours, theirs int) (round, error) {
	var r round
	threads := strconv.Itoa(c.threads)
	bench := t.command(ctx, append(append([]string{"bench"}, n.args()...),
		"--weights", t.path(n, ".safetensors"), "--threads", threads, "--batch", strconv.Itoa(c.batch),
		"--runs", strconv.Itoa(ours), "--format", "json")...)
	if c.tier != "" {
		bench.Env = append(os.Environ(), "RESC_TIER="+c.tier)
	}
	var err error
	if r.Resc, err = read(bench); err != nil {
		return r, err
	}
	r.ONNXRuntime, err = read(t.node(ctx, n, ortOptions{Shape: n.shape(c.batch), Threads: c.threads, Warmup: 2, Runs: theirs}))
	return r, err
}

// sum makes the summary of the rounds.
func (s *speed) sum() {
	var ours, theirs []timed
	var ratios []float64
	for _, r := range s.All {
		ours, theirs = append(ours, r.Resc), append(theirs, r.ONNXRuntime)
		ratios = append(ratios, r.ONNXRuntime.MedianMS/r.Resc.MedianMS)
	}
	s.Resc, s.ONNXRuntime = summary(ours), summary(theirs)
	s.Ratio = ratio{
		Median: median(ratios), Lowest: slices.Min(ratios), Highest: slices.Max(ratios),
		OfMinima: s.ONNXRuntime.MinMS / s.Resc.MinMS,
	}
}

// summary is the best minimum, and the medians of the rest, over all rounds.
func summary(rounds []timed) timed {
	of := func(f func(timed) float64) float64 {
		var all []float64
		for _, r := range rounds {
			all = append(all, f(r))
		}
		return median(all)
	}
	s := timed{
		Runs: rounds[0].Runs, MinMS: math.Inf(1),
		MedianMS:    of(func(r timed) float64 { return r.MedianMS }),
		P99MS:       of(func(r timed) float64 { return r.P99MS }),
		ColdStartMS: of(func(r timed) float64 { return r.ColdStartMS }),
		LoadMS:      of(func(r timed) float64 { return r.LoadMS }),
		MaxRSSBytes: int64(of(func(r timed) float64 { return float64(r.MaxRSSBytes) })),
		PeakGFLOPS:  of(func(r timed) float64 { return r.PeakGFLOPS }),
	}
	for _, r := range rounds {
		s.MinMS = min(s.MinMS, r.MinMS)
	}
	return s
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[n/2] + sorted[(n-1)/2]) / 2
}

// start measures whole processes, one thread each, alternating, after one of each that
// brings the files into memory.
func (t *tools) start(ctx context.Context, n network, rounds int) (start, error) {
	s := start{Network: n.name}
	resc := func(weights string) *exec.Cmd {
		return t.command(ctx, append(append([]string{"run"}, n.args()...), "--weights", t.path(n, weights),
			"--threads", "1", "--input", t.path(n, ".npy"), "--output", t.path(n, ".resc.npy"), "--format", "json")...)
	}
	commands := []func() *exec.Cmd{
		func() *exec.Cmd { return resc(".safetensors") },
		func() *exec.Cmd { return resc(".resw") },
		func() *exec.Cmd {
			return t.node(ctx, n, ortOptions{Shape: n.shape(1), Threads: 1, Input: t.path(n, ".f32"), Output: t.path(n, ".ort.f32")})
		},
		func() *exec.Cmd { return exec.CommandContext(ctx, t.empty) },
		func() *exec.Cmd { return exec.CommandContext(ctx, "node", "-e", "") },
	}
	times := make([][]float64, len(commands))
	var cold []float64
	for i := range rounds + 1 {
		for j, command := range commands {
			ms, err := wall(command())
			if err != nil {
				return s, err
			}
			if i > 0 {
				times[j] = append(times[j], ms)
			}
		}
		r, err := read(t.command(ctx, append(append([]string{"bench"}, n.args()...), "--weights", t.path(n, ".resw"), "--threads", "1", "--runs", "1", "--format", "json")...))
		if err != nil {
			return s, err
		}
		cold = append(cold, r.ColdStartMS)
	}
	s.ColdMS = median(cold)
	for i, ms := range []*float64{&s.RescMS, &s.PackedMS, &s.ONNXRuntimeMS, &s.EmptyGoMS, &s.EmptyNodeMS} {
		*ms = median(times[i])
	}
	return s, nil
}

// agreement compares the outputs that start's processes wrote.
func (t *tools) agreement(n network) (agreement, error) {
	a := agreement{Network: n.name}
	ours, theirs, err := t.outputs(n)
	if err != nil {
		return a, err
	}
	if len(ours) != len(theirs) {
		return a, fmt.Errorf("%s: %d outputs of resc's, %d of ONNX Runtime's", n.name, len(ours), len(theirs))
	}
	for i, want := range theirs {
		d := math.Abs(float64(ours[i]) - float64(want))
		if math.IsNaN(d) {
			return a, fmt.Errorf("%s: output %d is %v, and ONNX Runtime's %v", n.name, i, ours[i], want)
		}
		a.Absolute = max(a.Absolute, d)
		a.Largest = max(a.Largest, math.Abs(float64(want)))
	}
	a.Relative = a.Absolute / a.Largest
	return a, nil
}
