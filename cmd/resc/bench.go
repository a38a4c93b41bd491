package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/resc-lang/resc/compiler"
	"github.com/resc-lang/resc/internal/escape"
	"github.com/resc-lang/resc/internal/fixture"
	rt "github.com/resc-lang/resc/runtime"
	"github.com/resc-lang/resc/runtime/kernel"
)

type benchCmd struct {
	modelArgs
	fitFlags
	Weights string `placeholder:"FILE" help:"Checkpoint, PyTorch's, safetensors, .npz or ONNX; by default made-up weights, which take as long."`
	Threads int    `placeholder:"N" help:"Threads; by default one for each processor."`
	Batch   int    `default:"1" help:"Images a run."`
	Runs    int    `default:"20" help:"Runs that are timed, after a warm-up."`
	Profile bool   `help:"Show each layer's time."`
	Format  string `enum:"text,json" default:"text" help:"text or json."`
}

// benchResult is what bench measures. Latencies are of a batch.
type benchResult struct {
	Model        string       `json:"model"`
	Batch        int          `json:"batch"`
	Threads      int          `json:"threads"`
	Runs         int          `json:"runs"`
	MinMS        float64      `json:"min_ms"`
	MedianMS     float64      `json:"median_ms"`
	P99MS        float64      `json:"p99_ms"`
	ImagesPerS   float64      `json:"images_per_s"`
	ColdStartMS  float64      `json:"cold_start_ms"`
	PrepareMS    float64      `json:"prepare_ms"` // of Session.Prepare, before the runs
	MaxRSSBytes  int64        `json:"max_rss_bytes"`
	WeightBytes  int64        `json:"weight_bytes"` // packed
	Memory       string       `json:"memory"`
	AllocsPerRun float64      `json:"allocs_per_run"`
	Tier         string       `json:"tier"`
	PeakGFLOPS   float64      `json:"peak_gflops"`
	HandoverNS   int64        `json:"handover_ns,omitempty"` // of a cache line to another core and back
	Layers       []benchLayer `json:"layers,omitempty"`
}

// benchLayer is one kernel call of the profile.
type benchLayer struct {
	Name      string  `json:"name"`
	Op        string  `json:"op"`
	Algorithm string  `json:"algorithm,omitempty"`
	Source    string  `json:"source"`
	MS        float64 `json:"ms"`
	Share     float64 `json:"share"`
	GFLOPS    float64 `json:"gflops"`
	OfPeak    float64 `json:"of_peak"` // of the peak of all threads together
}

// maxInput bounds the values of a batch's images.
const maxInput = 1 << 30

// Run measures.
func (c *benchCmd) Run(a *app) error {
	if c.Batch < 1 || c.Runs < 1 || c.Threads < 0 {
		return usagef("--batch, --runs and --threads must be at least 1")
	}
	c.follow(c.Weights)
	p, err := c.compile(a)
	if err != nil {
		return err
	}
	if channels, h, w := p.Input(); c.Batch > maxInput/(channels*h*w) {
		return usagef("--batch %d: the images of a batch take 4 GiB at most, which are %d", c.Batch, maxInput/(channels*h*w))
	}
	start := time.Now()
	network, err := c.load(a, p)
	if err != nil {
		return err
	}
	defer network.Close()
	session := network.NewSession(rt.Threads(c.Threads))
	defer session.Close()
	b := newBench(p, network, session, c.Batch)
	if err := b.run(a.ctx); err != nil {
		return err
	}
	cold := time.Since(start)
	start = time.Now()
	if err := session.Prepare(); err != nil {
		return err
	}
	prepared := time.Since(start)
	r, err := b.measure(a, c.Runs)
	if err != nil {
		return err
	}
	r.Model, r.Threads = p.Name(), c.Threads
	if c.Threads == 0 {
		r.Threads = runtime.GOMAXPROCS(0)
	}
	r.ColdStartMS, r.PrepareMS = milliseconds(cold), milliseconds(prepared)
	r.MaxRSSBytes = maxRSS()
	r.WeightBytes, r.Memory = network.WeightBytes(), string(p.Memory())
	r.Tier = kernel.Tier()
	r.PeakGFLOPS = kernel.MeasurePeak(50 * time.Millisecond)
	if r.Threads > 1 {
		r.HandoverNS = plausible(kernel.MeasureHandover(10 * time.Millisecond)).Nanoseconds()
	}
	if c.Profile {
		if r.Layers, err = b.profile(a.ctx, c.Runs); err != nil {
			return err
		}
		for i := range r.Layers {
			r.Layers[i].OfPeak = r.Layers[i].GFLOPS / (r.PeakGFLOPS * float64(r.Threads))
		}
	}
	if c.Format == "json" {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	return r.text(a)
}

// load loads the weights to measure with.
func (c *benchCmd) load(a *app, p *compiler.Program) (*compiler.Network, error) {
	if c.Weights != "" {
		return c.network(a, p, c.Weights, c.fitFlags)
	}
	return p.Load(madeUp(p))
}

// bench is a session with a batch to run.
type bench struct {
	program       *compiler.Program
	session       *compiler.Session
	height, width int
	images        []float32
	outputs       [][]float32
	batch         int
}

func newBench(p *compiler.Program, n *compiler.Network, s *compiler.Session, batch int) *bench {
	c, h, w := p.Input()
	b := &bench{program: p, session: s, height: h, width: w, batch: batch}
	b.images = fixture.Fill(fixture.InputName, []int{batch, c, h, w})
	for i := range p.Outputs() {
		b.outputs = append(b.outputs, make([]float32, batch*product(n.OutputShape(i, h, w))))
	}
	return b
}

// run computes the batch.
func (b *bench) run(ctx context.Context) error {
	return b.session.RunBatch(ctx, b.batch, b.images, b.height, b.width, b.outputs)
}

// measure times runs of a session that is prepared, after one that is not timed.
func (b *bench) measure(a *app, runs int) (*benchResult, error) {
	if err := b.run(a.ctx); err != nil {
		return nil, err
	}
	var times []float64
	bar := a.newBar(runs, true)
	defer bar.clear()
	for i := range runs {
		bar.set(i)
		start := time.Now()
		if err := b.run(a.ctx); err != nil {
			return nil, err
		}
		times = append(times, milliseconds(time.Since(start)))
	}
	bar.clear()
	slices.Sort(times)
	allocs, err := b.allocations(a.ctx)
	if err != nil {
		return nil, err
	}
	median := times[len(times)/2]
	if len(times)%2 == 0 {
		median = (median + times[len(times)/2-1]) / 2
	}
	return &benchResult{
		Batch: b.batch, Runs: runs, MinMS: times[0], MedianMS: median,
		P99MS:        times[min(len(times)-1, len(times)*99/100)],
		ImagesPerS:   float64(b.batch) / median * 1000,
		AllocsPerRun: allocs,
	}, nil
}

// allocations is the median number of allocations of a run. The process may
// allocate for other reasons meanwhile, which the median passes over.
func (b *bench) allocations(ctx context.Context) (float64, error) {
	const runs = 5
	var counts []uint64
	for range runs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := b.run(ctx); err != nil {
			return 0, err
		}
		runtime.ReadMemStats(&after)
		counts = append(counts, after.Mallocs-before.Mallocs)
	}
	slices.Sort(counts)
	return float64(counts[runs/2]), nil
}

// profile is the best time of each layer over several runs of one image.
func (b *bench) profile(ctx context.Context, runs int) ([]benchLayer, error) {
	layers := b.program.Layers()
	best := make([]time.Duration, len(layers))
	b.session.Observe(func(i int, took time.Duration) {
		if best[i] == 0 || took < best[i] {
			best[i] = took
		}
	})
	defer b.session.Observe(nil)
	one := *b
	one.batch, one.images, one.outputs = 1, b.images[:len(b.images)/b.batch], nil
	for _, o := range b.outputs {
		one.outputs = append(one.outputs, o[:len(o)/b.batch])
	}
	for range runs {
		if err := one.run(ctx); err != nil {
			return nil, err
		}
	}
	var total time.Duration
	for _, d := range best {
		total += d
	}
	var rows []benchLayer
	for i, l := range layers {
		row := benchLayer{Name: l.Name, Op: l.Op, Algorithm: l.Algorithm, Source: l.Source, MS: milliseconds(best[i]), Share: float64(best[i]) / float64(total)}
		if best[i] > 0 {
			row.GFLOPS = 2 * float64(l.MACs) / float64(best[i].Nanoseconds())
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// text prints the result for people.
func (r *benchResult) text(a *app) error {
	t := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	escape.Fprintf(t, "model\t%s\n", r.Model)
	fmt.Fprintf(t, "batch, threads, runs\t%d, %d, %d\n", r.Batch, r.Threads, r.Runs)
	fmt.Fprintf(t, "latency\tmin %.2f ms, median %.2f ms, p99 %.2f ms\n", r.MinMS, r.MedianMS, r.P99MS)
	fmt.Fprintf(t, "throughput\t%.1f images/s\n", r.ImagesPerS)
	fmt.Fprintf(t, "cold start\t%.1f ms from opening the weights to the first output\n", r.ColdStartMS)
	fmt.Fprintf(t, "prepare\t%.1f ms once, before the runs, of Session.Prepare\n", r.PrepareMS)
	fmt.Fprintf(t, "memory\t%s bytes at most\n", compiler.Thousands(r.MaxRSSBytes))
	fmt.Fprintf(t, "weights\t%s bytes packed, --memory %s\n", compiler.Thousands(r.WeightBytes), r.Memory)
	fmt.Fprintf(t, "allocations\t%.1f a run\n", r.AllocsPerRun)
	fmt.Fprintf(t, "peak\t%.1f GFLOP/s of multiply-adds on one core with the kernels for %s, measured\n", r.PeakGFLOPS, r.Tier)
	if r.HandoverNS > 0 {
		fmt.Fprintf(t, "cores\t%d ns to hand a cache line over and back, measured\n", r.HandoverNS)
	} else if r.Threads > 1 {
		fmt.Fprintln(t, "cores\tbusy with other work: the time to hand a cache line over could not be measured")
	}
	if err := t.Flush(); err != nil || len(r.Layers) == 0 {
		return err
	}
	fmt.Fprintln(a.stdout)
	t = tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "layer\tms\tshare\tGFLOP/s\tof peak\talgorithm\toperator\tsource")
	for _, l := range r.Layers {
		rate, peak := "-", "-"
		if l.GFLOPS > 0 {
			rate = fmt.Sprintf("%.1f", l.GFLOPS)
			peak = fmt.Sprintf("%.0f %%", 100*l.OfPeak)
		}
		algorithm := l.Algorithm
		if algorithm == "" {
			algorithm = "-"
		}
		escape.Fprintf(t, "%s\t%.3f\t%.1f %%\t%s\t%s\t%s\t%s\t%s\n", l.Name, l.MS, 100*l.Share, rate, peak, algorithm, l.Op, l.Source)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if slices.ContainsFunc(r.Layers, func(l benchLayer) bool { return l.OfPeak > 1 }) {
		fmt.Fprint(a.stdout, abovePeak)
	}
	return nil
}

// abovePeak explains shares of the peak above 100 %.
const abovePeak = `
GFLOP/s counts the multiply-adds of a layer's definition. Winograd's and Strassen's
algorithms need fewer, and direct convolution skips padding: such layers can exceed 100 %.
Other layers do where other work slowed the measurement of the peak.
`

// plausible is the time that a cache line takes between two cores, or 0 where what was
// measured is not that: within a machine it is well below a microsecond, and longer is
// the time for which other work had one of the cores.
func plausible(handover time.Duration) time.Duration {
	if handover > 5*time.Microsecond {
		return 0
	}
	return handover
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
