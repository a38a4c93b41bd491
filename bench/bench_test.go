package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/docs"
)

// TestSummary makes a row of rounds.
func TestSummary(t *testing.T) {
	s := speed{Network: "n", Threads: 1, Batch: 8, All: []round{
		{timed{MinMS: 9, MedianMS: 10, MaxRSSBytes: 1e6}, timed{MinMS: 19, MedianMS: 20, MaxRSSBytes: 3e6}},
		{timed{MinMS: 8, MedianMS: 10}, timed{MinMS: 18, MedianMS: 30}},
		{timed{MinMS: 9.5, MedianMS: 40}, timed{MinMS: 21, MedianMS: 40}},
	}}
	s.sum()
	want := ratio{Median: 2, Lowest: 1, Highest: 3, OfMinima: 18.0 / 8}
	if s.Ratio != want || s.Resc.MinMS != 8 || s.Resc.MedianMS != 10 || s.ONNXRuntime.MedianMS != 30 {
		t.Errorf("%+v", s)
	}
	line := s.line()
	for _, part := range []string{"| n | 1 | 8 |", "**2.00** (1.00 to 3.00)", "800.0, 266.7"} {
		if !strings.Contains(line, part) {
			t.Errorf("%q is not in %s", part, line)
		}
	}
	if m := median([]float64{4, 1, 3, 2}); math.Abs(m-2.5) > 1e-15 {
		t.Errorf("the median is %v", m)
	}
}

// TestSection replaces the marked section of a text and nothing else.
func TestSection(t *testing.T) {
	text := "before\n" + sectionBegin + "old\n" + sectionEnd + "after\n"
	got, err := replaceSection(text, "new\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + sectionBegin + "\nnew\n\n" + sectionEnd + "after\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if again, err := replaceSection(got, "new\n"); err != nil || again != got {
		t.Errorf("a second time: %q, %v", again, err)
	}
	for _, text := range []string{"", sectionBegin, sectionEnd + sectionBegin} {
		if _, err := replaceSection(text, "new\n"); err == nil {
			t.Errorf("%q has a section", text)
		}
	}
}

// TestDocs holds the tables of the pages to the records.
func TestDocs(t *testing.T) {
	records, err := filepath.Glob("../docs/performance*.json")
	if err != nil || len(records) == 0 {
		t.Fatal("no records", err)
	}
	for _, record := range records {
		r, err := readResults(record)
		if err != nil {
			t.Fatal(err)
		}
		pages := map[string]string{strings.TrimSuffix(record, ".json") + ".md": r.markdown()}
		if record == "../docs/performance.json" {
			pages["../README.md"] = r.summary()
		}
		for page, tables := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			want, err := replaceSection(string(text), tables)
			if err != nil {
				t.Fatal(err)
			}
			if string(text) != want {
				t.Errorf("%s is not made from %s: go run ./bench -render -record, with -as for another machine's", page, record)
			}
		}
	}
}

// TestDocsCommands parses the commands of the documentation that run bench.
func TestDocsCommands(t *testing.T) {
	pages, err := docs.Pages("..")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range pages {
		for _, b := range p.Blocks() {
			for _, c := range b.Commands() {
				words := docs.Words(c.Text)
				if len(words) < 3 || words[2] != "./bench" {
					continue
				}
				n++
				if _, err := parse(words[3:], ".."); err != nil {
					t.Errorf("%s:%d: %s: %v", p.Path, c.Line, c.Text, err)
				}
			}
		}
	}
	if n == 0 {
		t.Error("no page has a command that runs bench")
	}
}

// TestRecord writes results and reads them again, with the tables.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	r := &results{
		Date: "2026-01-02", Machine: machine{CPU: "a processor", Cores: 2, PeakGFLOPS: 118},
		Speed: []speed{{Network: "resnet18", Threads: 1, Batch: 1, Ratio: ratio{Median: 1.75}}, {Network: "resnet18", Threads: 1, Batch: 1, Tier: "avx2", Ratio: ratio{Median: 1.5}},
			{Network: "resnet18", Threads: 2, Batch: 8}, {Network: "plain34", Threads: 1, Batch: 1}},
		Agreement: []agreement{{"resnet18", 10, 1e-5, 1e-6}},
		Start:     []start{{"resnet18", 101, 51, 201, 1, 41, 31}},
		Size:      size{2_900_000, 45_800_000},
		Gomlx:     []gomlx{{Network: "resnet18", Threads: 1, RescMS: 20, MedianMS: 6000}, {Network: "resnet50", Error: "not within 3m0s"}},
	}
	page, front := filepath.Join(dir, "page.md"), filepath.Join(dir, "front.md")
	for _, name := range []string{page, front} {
		if err := os.WriteFile(name, []byte("# Page\n"+sectionBegin+sectionEnd), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	o := &options{record: true, page: page, front: front, jsonFiles: []string{filepath.Join(dir, "r.json")}}
	var printed strings.Builder
	if err := publish(r, o, &printed); err != nil {
		t.Fatal(err)
	}
	again, err := readResults(o.jsonFiles[0])
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(r)
	b, _ := json.Marshal(again)
	if string(a) != string(b) {
		t.Errorf("%s\n%s", a, b)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"Measured on 2026-01-02: a processor, 2 cores", "| resnet18, resc held to avx2 | 1 | 1 |", "**Batches: time of a batch**",
		"| resnet18 | 101 | 51 | 1 | 201 | 41 | 1.60 | 3.20 | 31.0 |", "| resnet18 | 10 | 1.0e-05 | 1.0e-06 |",
		"| resnet18 | 1 | 6000 | 20.0 | 300 |", "not within 3m0s", "2.9 MB",
	} {
		if !strings.Contains(string(text), part) || !strings.Contains(printed.String(), part) {
			t.Errorf("%q is missing:\n%s", part, text)
		}
	}
	text, err = os.ReadFile(front)
	if err != nil {
		t.Fatal(err)
	}
	if want := "| resnet18 | 0.00 | 0.00 | **1.75** |"; !strings.Contains(string(text), want) || strings.Count(string(text), "\n| ") != 3 {
		t.Errorf("the front page lacks %q, or has more:\n%s", want, text)
	}
}

// TestArguments refuses what cannot be measured.
func TestArguments(t *testing.T) {
	for _, args := range [][]string{{"-networks", "resnet19"}, {"-threads", "0"}, {"-threads", "1,x"}, {"-rounds", "-1"}, {"-seconds", "0"}, {"resnet50"}} {
		if _, err := parse(args, "."); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
	o, err := parse([]string{"-quick", "-threads", "2,1"}, ".")
	if err != nil {
		t.Fatal(err)
	}
	if other, err := parse([]string{"-as", "xeon"}, "."); err != nil || other.page != filepath.Join("docs", "performance-xeon.md") || other.front != "" {
		t.Errorf("%+v, %v", other, err)
	}
	if len(o.networks) != 3 || len(o.threads) != 2 || o.threads[0] != 2 || len(o.batches) != 0 || o.rounds != 3 || o.gomlx {
		t.Errorf("%+v", o)
	}
}
