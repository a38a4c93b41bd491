// Package accuracy counts what a classifier gets right and reports it.
package accuracy

import (
	"cmp"
	"container/heap"
	"slices"
	"strconv"

	"github.com/resc-lang/resc/runtime"
)

// Tally counts answers. Its memory grows with the classes that occur, not with
// the images. It is not for use by several goroutines at once.
type Tally struct {
	names     []string
	keep      int
	images    int
	top1      int
	top5      int
	confusion map[pair]int
	mistakes  worst
}

// pair is a class and what was taken for it.
type pair struct{ class, predicted int }

// NewTally returns a tally that keeps so many of the worst mistakes. names are
// those of the classes; one without is called by its index.
func NewTally(names []string, mistakes int) *Tally {
	return &Tally{names: names, keep: mistakes, confusion: map[pair]int{}}
}

// Add counts an image of a class by what was answered: all classes, likeliest
// first.
func (t *Tally) Add(item, class int, answer []runtime.Class) {
	rank := slices.IndexFunc(answer, func(c runtime.Class) bool { return c.Index == class })
	t.images++
	t.confusion[pair{class, answer[0].Index}]++
	if rank < 5 {
		t.top5++
	}
	if rank == 0 {
		t.top1++
		return
	}
	heap.Push(&t.mistakes, Mistake{
		item: item, Class: t.name(class), Predicted: answer[0].Name,
		Probability: answer[0].Probability, ClassProbability: answer[rank].Probability,
	})
	if len(t.mistakes) > t.keep {
		heap.Pop(&t.mistakes)
	}
}

func (t *Tally) name(class int) string {
	if class < len(t.names) {
		return t.names[class]
	}
	return strconv.Itoa(class)
}

// Mistake is an image that was taken for another class.
type Mistake struct {
	File             string  `json:"file"`
	Class            string  `json:"class"`
	Predicted        string  `json:"predicted"`
	Probability      float64 `json:"probability"`       // of the predicted class
	ClassProbability float64 `json:"class_probability"` // of the right one
	Thumbnail        []byte  `json:"-"`                 // JPEG, or nil
	item             int
}

// Item is the number of the image that was given to Add.
func (m Mistake) Item() int { return m.item }

// worst is a heap whose first element is the least of the mistakes: of those
// with the same probability the later.
type worst []Mistake

func (w worst) Len() int           { return len(w) }
func (w worst) Less(i, j int) bool { return compare(w[i], w[j]) > 0 }
func (w worst) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *worst) Push(x any)        { *w = append(*w, x.(Mistake)) }
func (w *worst) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}

// compare puts the most confident mistake first.
func compare(a, b Mistake) int {
	return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(a.item, b.item))
}

// Class is what was right about one class.
type Class struct {
	Class   string `json:"class"`
	Index   int    `json:"index"`
	Support int    `json:"support"` // images of the class
	// Precision is the part of what was taken for the class that is of it, Recall
	// the part of the class that was found; nil where there is nothing to be a
	// part of.
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
}

// Cell is a number of images of a class that were taken for one.
type Cell struct {
	Class     string `json:"class"`
	Predicted string `json:"predicted"`
	Images    int    `json:"images"`
	pair
}

// Report is what a tally says, with what it is about.
type Report struct {
	Model     string   `json:"model"`
	Data      string   `json:"data"`
	Labels    string   `json:"labels"` // how they became classes
	Crops     int      `json:"crops"`
	Of        int      `json:"of"`         // images that there are
	Images    int      `json:"images"`     // that were classified
	Broken    int      `json:"broken"`     // that could not be read
	NotFinite int      `json:"not_finite"` // for which the network has no answer: outputs were not finite
	Partial   bool     `json:"partial"`    // some were not tried
	Right     int      `json:"right"`
	Top1      *float64 `json:"top1"` // parts of the images, 0 to 1; nil where there are none
	Top5      *float64 `json:"top5"`
	Seconds   float64  `json:"seconds"`
	PerSecond float64  `json:"images_per_s"`
	Published []string `json:"published,omitempty"` // results printed elsewhere
	// Classes are those that occur, Confusion their pairs with images: the rows are
	// the classes, sorted by index.
	Classes   []Class   `json:"classes"`
	Confusion []Cell    `json:"confusion"`
	Mistakes  []Mistake `json:"mistakes"` // most confident first
}

// Fill sets what the tally counted.
func (t *Tally) Fill(r *Report) {
	r.Images, r.Right = t.images, t.top1
	r.Top1, r.Top5 = part(t.top1, t.images), part(t.top5, t.images)
	r.Mistakes = slices.SortedFunc(slices.Values(t.mistakes), compare)
	if r.Mistakes == nil {
		r.Mistakes = []Mistake{}
	}
	support, predicted := map[int]int{}, map[int]int{}
	r.Confusion = []Cell{}
	for p, n := range t.confusion {
		support[p.class] += n
		predicted[p.predicted] += n
		r.Confusion = append(r.Confusion, Cell{t.name(p.class), t.name(p.predicted), n, p})
	}
	slices.SortFunc(r.Confusion, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.predicted, b.predicted))
	})
	occur := map[int]bool{}
	for p := range t.confusion {
		occur[p.class], occur[p.predicted] = true, true
	}
	r.Classes = []Class{}
	for class := range occur {
		c := Class{Class: t.name(class), Index: class, Support: support[class]}
		right := t.confusion[pair{class, class}]
		c.Precision, c.Recall = part(right, predicted[class]), part(right, support[class])
		r.Classes = append(r.Classes, c)
	}
	slices.SortFunc(r.Classes, func(a, b Class) int { return cmp.Compare(a.Index, b.Index) })
}

func ratio(part, of int) float64 { return float64(part) / float64(max(of, 1)) }

func part(n, of int) *float64 {
	if of == 0 {
		return nil
	}
	v := ratio(n, of)
	return &v
}

// Confusions are the pairs of different classes, the most frequent first.
func (r *Report) Confusions() []Cell {
	var cells []Cell
	for _, c := range r.Confusion {
		if c.class != c.predicted {
			cells = append(cells, c)
		}
	}
	slices.SortStableFunc(cells, func(a, b Cell) int { return cmp.Compare(b.Images, a.Images) })
	return cells
}

// Matrix is the confusion of all classes that occur, in their order.
func (r *Report) Matrix() [][]int {
	place := map[int]int{}
	for i, c := range r.Classes {
		place[c.Index] = i
	}
	m := make([][]int, len(r.Classes))
	for i := range m {
		m[i] = make([]int, len(r.Classes))
	}
	for _, c := range r.Confusion {
		m[place[c.class]][place[c.predicted]] = c.Images
	}
	return m
}
