package accuracy

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/resc-lang/resc/internal/golden"
	"github.com/resc-lang/resc/runtime"
)

// TestReport shows tallies in each form.
func TestReport(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *golden.Test) {
		names := strings.Split(t.Values("names")[0], ",")
		mistakes, err := strconv.Atoi(t.Values("mistakes")[0])
		if err != nil {
			t.Fatal(err)
		}
		tally := NewTally(names, mistakes)
		n := 0
		for line := range strings.Lines(t.Input("in.txt")) {
			fields := strings.Fields(line)
			class, _ := strconv.Atoi(fields[0])
			var answer []runtime.Class
			for _, f := range fields[1:] {
				var c runtime.Class
				if _, err := fmt.Sscanf(f, "%d=%g", &c.Index, &c.Probability); err != nil {
					t.Fatal(err)
				}
				if c.Name = strconv.Itoa(c.Index); c.Index < len(names) {
					c.Name = names[c.Index]
				}
				answer = append(answer, c)
			}
			tally.Add(n, class, answer)
			n++
		}
		r := &Report{Model: "m", Data: "images & more", Labels: "by name", Crops: 10, Of: n, Seconds: 2, PerSecond: float64(n) / 2, Published: []string{"top1-error 8.75, nobody"}}
		for _, b := range t.Values("broken") {
			r.Broken, _ = strconv.Atoi(b)
			r.Of, r.Partial = r.Broken+5, true
		}
		for _, n := range t.Values("not finite") {
			r.NotFinite, _ = strconv.Atoi(n)
		}
		tally.Fill(r)
		for i := range r.Mistakes {
			r.Mistakes[i].File = fmt.Sprintf("<%d>.png", r.Mistakes[i].Item())
			if i == 0 {
				r.Mistakes[i].Thumbnail = []byte("picture")
			}
		}
		if err := r.Text(t.Section("text")); err != nil {
			t.Fatal(err)
		}
		e := json.NewEncoder(t.Section("json"))
		e.SetIndent("", " ")
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
		if err := r.HTML(t.Section("html")); err != nil {
			t.Fatal(err)
		}
	})
}

// TestMany has more classes than a matrix has room for, and checks sums.
func TestMany(t *testing.T) {
	tally := NewTally(nil, 5)
	for i := range 5000 {
		class, predicted := i%100, (i+i%7/6)%100
		answer := []runtime.Class{{Index: predicted, Name: strconv.Itoa(predicted), Probability: float64(i%501) / 501}}
		for c := range 100 {
			if c != predicted {
				answer = append(answer, runtime.Class{Index: c, Name: strconv.Itoa(c)})
			}
		}
		tally.Add(i, class, answer)
	}
	r := &Report{}
	tally.Fill(r)
	if r.Right != 5000-714 || math.Abs(*r.Top1-0.8572) > 1e-9 || len(r.Classes) != 100 || len(r.Mistakes) != 5 {
		t.Errorf("%d right, %v, %d classes, %d mistakes", r.Right, r.Top1, len(r.Classes), len(r.Mistakes))
	}
	sum := 0
	for _, c := range r.Confusion {
		sum += c.Images
	}
	for i, m := range r.Mistakes[1:] {
		if m.Probability > r.Mistakes[i].Probability {
			t.Errorf("mistakes %v", r.Mistakes)
		}
	}
	if sum != 5000 || len(r.Confusions()) != 100 {
		t.Errorf("%d images, %d confusions", sum, len(r.Confusions()))
	}
	var text, html strings.Builder
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.HTML(&html); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "most frequent confusions\n  8  ") || !strings.Contains(html.String(), "<h2>Most frequent confusions</h2>") {
		t.Errorf("no confusions in\n%s", text.String())
	}
}
