package runtime

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
)

func TestTopK(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	third := 1.0 / 3
	for name, test := range map[string]struct {
		logits []float32
		names  []string
		k      int
		want   []Class
	}{
		"order":         {[]float32{0, 1000, 0}, []string{"a", "b", "c"}, 2, []Class{{"b", 1, 1}, {"a", 0, 0}}},
		"ties":          {[]float32{5, 5, 5}, []string{"a", "b", "c"}, 3, []Class{{"a", 0, third}, {"b", 1, third}, {"c", 2, third}}},
		"no names":      {[]float32{-3, -3}, nil, 1, []Class{{"0", 0, 0.5}}},
		"few names":     {[]float32{0, 0}, []string{"a"}, 2, []Class{{"a", 0, 0.5}, {"1", 1, 0.5}}},
		"k too large":   {[]float32{0}, nil, 5, []Class{{"0", 0, 1}}},
		"k is 0":        {[]float32{0}, nil, 0, []Class{}},
		"k is negative": {[]float32{0}, nil, -1, []Class{}},
		"no logits":     {nil, nil, 5, []Class{}},
		"both are 0":    {[]float32{-1000, -2000, 0, -900}, nil, 4, []Class{{"2", 2, 1}, {"3", 3, 0}, {"0", 0, 0}, {"1", 1, 0}}},
		"NaN":           {[]float32{nan, 1, nan, 1}, nil, 4, []Class{{"1", 1, 0.5}, {"3", 3, 0.5}, {"0", 0, 0}, {"2", 2, 0}}},
		"only NaN":      {[]float32{nan, nan}, nil, 1, []Class{{"0", 0, 0}}},
		"infinite":      {[]float32{0, inf, inf}, nil, 3, []Class{{"1", 1, 0.5}, {"2", 2, 0.5}, {"0", 0, 0}}},
		"minus inf":     {[]float32{-inf, -inf, nan}, nil, 3, []Class{{"0", 0, 0.5}, {"1", 1, 0.5}, {"2", 2, 0}}},
	} {
		if got := TopK(test.logits, test.names, test.k); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestTopKIsSoftmax(t *testing.T) {
	logits := []float32{1, 2.5, -0.5, 2}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x))
	}
	for _, c := range TopK(logits, nil, 4) {
		if want := math.Exp(float64(logits[c.Index])) / sum; math.Abs(c.Probability-want) > 1e-15 {
			t.Errorf("class %d has probability %v, want %v", c.Index, c.Probability, want)
		}
	}
}

func TestClassJSON(t *testing.T) {
	text, err := json.Marshal(TopK([]float32{0, 0}, []string{"cat"}, 1)[0])
	if want := `{"class":"cat","index":0,"probability":0.5}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
}

// TestTopKMean checks the mean of probabilities by hand.
func TestTopKMean(t *testing.T) {
	log := func(p float64) float32 { return float32(math.Log(p)) }
	outputs := [][]float32{{log(0.5), log(0.3), log(0.2)}, {log(0.1), log(0.3), log(0.6)}}
	got := TopKMean(outputs, []string{"a", "b", "c"}, 2)
	if len(got) != 2 || got[0].Name != "c" || got[1].Name != "a" || math.Abs(got[0].Probability-0.4) > 1e-6 || math.Abs(got[1].Probability-0.3) > 1e-6 {
		t.Errorf("classes %v", got)
	}
	if one := TopKMean(outputs[:1], nil, 3); !slices.Equal(one, TopK(outputs[0], nil, 3)) {
		t.Errorf("one output: %v", one)
	}
}
