package onnx

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/compiler/internal/check"
	"github.com/resc-lang/resc/compiler/internal/shape"
	"github.com/resc-lang/resc/dsl"
	format "github.com/resc-lang/resc/internal/onnx"
)

// Keys of the metadata.
const (
	classesKey    = "resc.classes"    // names of the classes, a JSON array
	preprocessKey = "resc.preprocess" // the preprocess statement's steps
	publishedKey  = "resc.published"  // a JSON array of results
	parametersKey = "resc.parameters" // name=value, space between
	sizesKey      = "resc.sizes"      // of a varying input: height=160..320 by 32
)

// published is a result that was printed elsewhere, as reports write it.
type published struct {
	Metric string `json:"metric"`
	Value  string `json:"value"`
	Source string `json:"source,omitempty"`
}

// metadata is what a model's file says besides the network.
func metadata(m *check.Model) (list []format.Property) {
	add := func(key, value string) {
		if value != "" {
			list = append(list, format.Property{Key: key, Value: value})
		}
	}
	var params []string
	for _, p := range m.Params {
		params = append(params, p.Name+"="+p.Value)
	}
	add(parametersKey, strings.Join(params, " "))
	var steps []string
	for _, s := range m.Preprocess {
		steps = append(steps, s.String())
	}
	add(preprocessKey, strings.Join(steps, " -> "))
	if len(m.Classes) > 0 {
		text, _ := json.Marshal(m.Classes) // strings always marshal
		add(classesKey, string(text))
	}
	var results []published
	for _, p := range m.Published {
		results = append(results, published(p))
	}
	if len(results) > 0 {
		text, _ := json.Marshal(results)
		add(publishedKey, string(text))
	}
	var sizes []string
	for _, d := range []shape.Dim{m.Graph.Input().Shape.H, m.Graph.Input().Shape.W} {
		if r := d.Range(); r != nil {
			text := fmt.Sprintf("%s=%d..%d by %d", r.Name, r.Low, r.High, r.Step)
			if len(sizes) == 0 || sizes[0] != text {
				sizes = append(sizes, text)
			}
		}
	}
	add(sizesKey, strings.Join(sizes, ", "))
	return list
}

// comesWith is what metadata becomes in a .res file.
type comesWith struct {
	statements []string // preprocess and labels
	results    []string // published, without the word and its condition
}

// readMetadata fails where no .res file can hold what it says.
func readMetadata(m *format.Model) (c comesWith, err error) {
	for _, read := range []struct {
		key string
		as  func(text string, c *comesWith) error
	}{{preprocessKey, readPreprocess}, {classesKey, readClasses}, {publishedKey, readPublished}} {
		if text, ok := m.Property(read.key); ok {
			if err := read.as(text, &c); err != nil {
				return c, fmt.Errorf("its metadata %s: %w", read.key, err)
			}
		}
	}
	return c, nil
}

func readPreprocess(text string, c *comesWith) error {
	c.statements = append(c.statements, "preprocess "+text)
	return held(text)
}

func readClasses(text string, c *comesWith) error {
	var classes, quoted []string
	if err := json.Unmarshal([]byte(text), &classes); err != nil {
		return err
	}
	for _, name := range classes {
		if err := held(name); err != nil {
			return err
		}
		quoted = append(quoted, dsl.Quote(name))
	}
	if len(quoted) > 0 {
		c.statements = append(c.statements, "labels ["+strings.Join(quoted, ", ")+"]")
	}
	return nil
}

func readPublished(text string, c *comesWith) error {
	var results []published
	if err := json.Unmarshal([]byte(text), &results); err != nil {
		return err
	}
	line := ""
	for i, p := range results {
		if _, err := strconv.ParseFloat(p.Value, 64); err != nil {
			return fmt.Errorf("%q is no number", p.Value)
		}
		if !word.MatchString(strings.ReplaceAll(p.Metric, "-", "_")) {
			return fmt.Errorf("%q is no metric", p.Metric)
		}
		line += p.Metric + " " + p.Value
		if i+1 < len(results) && results[i+1].Source == p.Source {
			line += ", " // one statement for the results of one source
			continue
		}
		if p.Source != "" {
			line += ", source " + dsl.Quote(p.Source)
		}
		if err := held(line); err != nil {
			return err
		}
		c.results = append(c.results, line)
		line = ""
	}
	return nil
}

// held refuses a text that no line of a .res file holds.
func held(text string) error {
	if !dsl.Holds(text) {
		return fmt.Errorf("no .res file can hold %q", text)
	}
	return nil
}
