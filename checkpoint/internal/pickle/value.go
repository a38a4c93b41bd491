// Package pickle reads Python's pickles, protocols 2 to 5, without ever running
// what they ask for.
//
// A pickle is a program for a small stack machine that may name any function of
// any Python module and have it called. Here a name stays a name: the few calls
// that only build values are made by the reader's owner (Hooks.Call), an instance
// of an unknown class becomes an *Object that nobody looks into, and a call of
// anything else is an error that names it. Time and memory are bounded by the
// size of the file and by Limits; there is no recursion. See Lib/pickle.py and
// Lib/pickletools.py of CPython for the format.
package pickle

// What a pickle's values become: nil for None, bool, int64, *big.Int for what is
// larger, float64, string (which Python 2's byte strings are, too), Bytes, Tuple,
// *List, *Dict, Global, *Object, and whatever the hooks return.
type (
	// Bytes is a byte string.
	Bytes []byte
	// Tuple is an immutable sequence.
	Tuple []any
	// List is a list or a set.
	List struct{ Items []any }
	// Global is a class or function by name.
	Global struct{ Module, Name string }
	// Object is an instance of a class that is not known, or the result of a call
	// that is not made.
	Object struct {
		Class Global
		Args  any // a Tuple, as a rule
		State any // what BUILD gave it; nil for nothing
	}
)

// String is the name as Python writes it, module.name.
func (g Global) String() string { return g.Module + "." + g.Name }

// Dict is a dictionary in the order of insertion. Keys of any kind are kept, but
// only strings and integers are found again: others never collide.
type Dict struct {
	Keys, Values []any
	index        map[any]int
}

// Set adds an entry or replaces the value of one.
func (d *Dict) Set(key, value any) {
	switch key.(type) {
	case string, int64:
		if i, ok := d.index[key]; ok {
			d.Values[i] = value
			return
		}
		if d.index == nil {
			d.index = make(map[any]int)
		}
		d.index[key] = len(d.Keys)
	}
	d.Keys = append(d.Keys, key)
	d.Values = append(d.Values, value)
}

// Get finds the value of a string.
func (d *Dict) Get(key string) (any, bool) {
	i, ok := d.index[key]
	if !ok {
		return nil, false
	}
	return d.Values[i], true
}
