package runtime

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Class is one answer of a classifier.
type Class struct {
	Name        string  `json:"class"` // the index as text where the model has no names
	Index       int     `json:"index"`
	Probability float64 `json:"probability"`
}

// TopK returns the k likeliest classes, likeliest first and the lower index
// first among equals; fewer where there are fewer. Probabilities are the softmax
// of the logits, in float64. A logit that is not a number has probability 0 and
// comes last; infinite ones share what there is: CheckFinite finds such logits, from
// which no class follows.
func TopK(logits []float32, names []string, k int) []Class {
	// Probabilities far down are all 0; logits still tell them apart. cmp puts NaN
	// before every number.
	return likeliest(softmax(logits), names, k, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
}

// TopKMean is TopK for several outputs of as many logits each, those of an image's
// crops: probabilities are the mean of theirs, as in the ten-crop testing of
// Krizhevsky et al. (2012) and He et al. (2015).
func TopKMean(outputs [][]float32, names []string, k int) []Class {
	if len(outputs) == 1 {
		return TopK(outputs[0], names, k)
	}
	var mean []float64
	for _, logits := range outputs {
		p := softmax(logits)
		if mean == nil {
			mean = make([]float64, len(p))
		}
		for i := range mean {
			mean[i] += p[i] / float64(len(outputs))
		}
	}
	return likeliest(mean, names, k, func(a, b int) int { return cmp.Compare(mean[b], mean[a]) })
}

// likeliest makes classes of the first k indices in an order of them.
func likeliest(probabilities []float64, names []string, k int, order func(a, b int) int) []Class {
	indices := make([]int, len(probabilities))
	for i := range indices {
		indices[i] = i
	}
	slices.SortFunc(indices, func(a, b int) int { return cmp.Or(order(a, b), cmp.Compare(a, b)) })
	classes := make([]Class, min(max(k, 0), len(indices)))
	for i := range classes {
		index := indices[i]
		classes[i] = Class{strconv.Itoa(index), index, probabilities[index]}
		if index < len(names) {
			classes[i].Name = names[index]
		}
	}
	return classes
}

// softmax is exp(x)/Σexp(x), with the largest x taken off first so that nothing
// overflows.
func softmax(logits []float32) []float64 {
	largest := math.Inf(-1)
	for _, x := range logits {
		if x := float64(x); x > largest {
			largest = x
		}
	}
	p := make([]float64, len(logits))
	sum := 0.0
	for i, x := range logits {
		switch x := float64(x); {
		case math.IsNaN(x):
		case x == largest: // of infinities too
			p[i] = 1
		default:
			p[i] = math.Exp(x - largest)
		}
		sum += p[i]
	}
	if sum > 0 {
		for i := range p {
			p[i] /= sum
		}
	}
	return p
}
