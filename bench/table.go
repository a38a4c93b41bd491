package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The section of docs/performance.md, and of the README, that the command writes.
const (
	sectionBegin = "<!-- bench: begin; go run ./bench -record writes this section from the record -->\n"
	sectionEnd   = "<!-- bench: end -->\n"
)

// replaceSection puts tables between the marks of a text.
func replaceSection(text, tables string) (string, error) {
	before, rest, ok := strings.Cut(text, sectionBegin)
	_, after, closed := strings.Cut(rest, sectionEnd)
	if !ok || !closed {
		return "", errors.New("it has no marks of the section that bench writes")
	}
	return before + sectionBegin + "\n" + tables + "\n" + sectionEnd + after, nil
}

// markdown is the results as text and tables.
func (r *results) markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Measured on %s: %s, %d cores, %s; %.0f GFLOP/s of multiply-adds on one core at most with %s, measured. "+
		"%s, Node.js %s, ONNX Runtime %s", r.Date, m.CPU, m.Cores, m.OS, m.PeakGFLOPS, m.Tier, m.Go, m.Node, m.ONNXRuntime)
	if m.Commit != "" {
		fmt.Fprintf(&b, ", resc at %s", m.Commit)
	}
	b.WriteString(".\n")
	r.speedTable(&b, "One image", func(s *speed) bool { return s.Batch == 1 })
	r.speedTable(&b, "Batches: time of a batch", func(s *speed) bool { return s.Batch > 1 })
	r.startTable(&b)
	r.agreementTable(&b)
	r.gomlxTable(&b)
	if r.Size.LibraryBytes > 0 {
		fmt.Fprintf(&b, "\n`examples/resnet50`, static and stripped, has %.1f MB; ONNX Runtime's shared library %.1f MB.\n",
			float64(r.Size.ExampleBytes)/1e6, float64(r.Size.LibraryBytes)/1e6)
	}
	return wrapLines(b.String())
}

// inSummary is the networks of the README's table: two on which resc gains most, one
// with bottlenecks, and one on which it gains least.
var inSummary = []string{"resnet18", "resnet50", "mobilenet_v2", "cifar_resnet20"}

// summary is the times of one image on one thread for some networks, for the README.
func (r *results) summary() string {
	var b strings.Builder
	b.WriteString("| network | resc, ms | ONNX Runtime, ms | ratio | cold start, ms | peak memory, MB |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- |\n")
	for _, s := range r.Speed {
		if s.Batch > 1 || s.Threads > 1 || s.Tier != "" || !slices.Contains(inSummary, s.Network) {
			continue
		}
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | **%.2f** | %.0f, %.0f | %.0f, %.0f |\n", s.Network,
			s.Resc.MedianMS, s.ONNXRuntime.MedianMS, s.Ratio.Median, s.Resc.ColdStartMS, s.ONNXRuntime.ColdStartMS,
			float64(s.Resc.MaxRSSBytes)/1e6, float64(s.ONNXRuntime.MaxRSSBytes)/1e6)
	}
	return b.String()
}

// speedTable is the latencies that are of a kind. Where two numbers stand, the first
// is resc's.
func (r *results) speedTable(b *strings.Builder, title string, kind func(*speed) bool) {
	rows := 0
	for i := range r.Speed {
		s := &r.Speed[i]
		if !kind(s) {
			continue
		}
		if rows++; rows == 1 {
			fmt.Fprintf(b, "\n**%s**, milliseconds; processes of the two programs alternate, %d rounds. A ratio above 1 means that resc is faster: "+
				"the median of the rounds (lowest to highest), and that of the best times. Where two numbers stand, the first is resc's. Latency is the core-to-core latency after the runs: the host moves the machine's cores, which then share a cache or do not.\n\n", title, s.Rounds)
			b.WriteString("| network | threads | batch | resc: min, median, p99 | ONNX Runtime: min, median, p99 | ratio | of best | images/s | cold start | peak memory, MB | latency, ns |\n")
			b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
		}
		b.WriteString(s.line() + "\n")
	}
}

// title names a row.
func (s *speed) title() string {
	if s.Tier != "" {
		return s.Network + ", resc held to " + s.Tier
	}
	return s.Network
}

// line is a row of the table.
func (s *speed) line() string {
	times := func(t timed) string { return fmt.Sprintf("%.2f, %.2f, %.2f", t.MinMS, t.MedianMS, t.P99MS) }
	rate := func(t timed) float64 { return float64(s.Batch) * 1000 / t.MedianMS }
	return fmt.Sprintf("| %s | %d | %d | %s | %s | **%.2f** (%.2f to %.2f) | %.2f | %.1f, %.1f | %.0f, %.0f | %.0f, %.0f | %s |",
		s.title(), s.Threads, s.Batch, times(s.Resc), times(s.ONNXRuntime),
		s.Ratio.Median, s.Ratio.Lowest, s.Ratio.Highest, s.Ratio.OfMinima,
		rate(s.Resc), rate(s.ONNXRuntime), s.Resc.ColdStartMS, s.ONNXRuntime.ColdStartMS,
		float64(s.Resc.MaxRSSBytes)/1e6, float64(s.ONNXRuntime.MaxRSSBytes)/1e6, s.handover())
}

// handover is the least and the most of the rounds.
func (s *speed) handover() string {
	var all []int64
	for _, r := range s.All {
		if r.Resc.HandoverNS > 0 {
			all = append(all, r.Resc.HandoverNS)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("%d to %d", slices.Min(all), slices.Max(all))
}

func (r *results) startTable(b *strings.Builder) {
	if len(r.Start) == 0 {
		return
	}
	b.WriteString("\n**Whole processes**, milliseconds from start to end, medians: load the network (`resc run` compiles it too), compute one image on one thread, write the output. " +
		"The files are in the page cache. The ratio is of the times beyond those of a process that does nothing.\n\n")
	b.WriteString("| network | resc | resc, packed weights | empty Go program | ONNX Runtime | empty Node.js program | ratio | of packed | cold start from packed weights |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, s := range r.Start {
		fmt.Fprintf(b, "| %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f | %.1f |\n", s.Network, s.RescMS, s.PackedMS, s.EmptyGoMS, s.ONNXRuntimeMS, s.EmptyNodeMS,
			(s.ONNXRuntimeMS-s.EmptyNodeMS)/(s.RescMS-s.EmptyGoMS), (s.ONNXRuntimeMS-s.EmptyNodeMS)/(s.PackedMS-s.EmptyGoMS), s.ColdMS)
	}
}

func (r *results) agreementTable(b *strings.Builder) {
	if len(r.Agreement) == 0 {
		return
	}
	b.WriteString("\n**Agreement** of the two programs' outputs for one image, under the same weights:\n\n")
	b.WriteString("| network | largest output | largest difference | relative |\n| --- | --- | --- | --- |\n")
	for _, a := range r.Agreement {
		fmt.Fprintf(b, "| %s | %.3g | %.1e | %.1e |\n", a.Network, a.Largest, a.Absolute, a.Relative)
	}
}

func (r *results) gomlxTable(b *strings.Builder) {
	if len(r.Gomlx) == 0 {
		return
	}
	fmt.Fprintf(b, "\n**gomlx %s**, its backend in plain Go, on the same ONNX files:\n\n", gomlxVersion)
	b.WriteString("| network | threads | ms | resc, ms | times resc's |\n| --- | --- | --- | --- | --- |\n")
	for _, g := range r.Gomlx {
		if g.Error != "" {
			fmt.Fprintf(b, "| %s | %d | %s | %.1f | |\n", g.Network, g.Threads, g.Error, g.RescMS)
			continue
		}
		fmt.Fprintf(b, "| %s | %d | %.0f | %.1f | %.0f |\n", g.Network, g.Threads, g.MedianMS, g.RescMS, g.MedianMS/g.RescMS)
	}
}

// wrapLines breaks paragraphs, but not tables, into lines of a document.
func wrapLines(text string) string {
	const width = 85
	var out []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "|") {
			out = append(out, line)
			continue
		}
		short := ""
		for _, word := range strings.Split(line, " ") {
			if short != "" && len(short)+1+len(word) > width {
				out = append(out, short)
				short = word
				continue
			}
			if short != "" {
				short += " "
			}
			short += word
		}
		out = append(out, short)
	}
	return strings.Join(out, "\n")
}
