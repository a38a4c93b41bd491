package checkpoint

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/checkpoint/internal/pickle"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// Limits on what a file's nested dictionaries may hold. A value may be in many
// places, so that a small file can say a large tree.
const (
	maxDepth   = 32
	maxVisits  = 1 << 20
	maxTensors = 1 << 16
	maxExtras  = 1 << 10 // the others are counted
	maxName    = 1 << 10 // bytes
)

// flattener gives the values of nested dictionaries and lists names, joined by
// dots.
type flattener struct {
	contents
	names  map[string]bool
	visits int
	unseen int // extras beyond maxExtras
	module string
}

// flatten finds the tensors of what a pickle yielded.
func flatten(format string, value any) (*contents, error) {
	f := &flattener{names: make(map[string]bool)}
	f.format, f.dicts = format, make(map[string]bool)
	if err := f.walk("", value, 0); err != nil {
		return nil, err
	}
	if f.unseen > 0 {
		f.extras = append(f.extras, Extra{"…", fmt.Sprintf("%d more", f.unseen)})
	}
	if len(f.tensors) == 0 {
		if f.module != "" {
			return nil, fmt.Errorf("the file holds a whole module (%s), which only its own Python code can open: load it there, and torch.save(model.state_dict(), …)", f.module)
		}
		return nil, errors.New("there is no tensor in the file")
	}
	return &f.contents, nil
}

func (f *flattener) walk(name string, value any, depth int) error {
	if f.visits++; f.visits > maxVisits {
		return fmt.Errorf("more than %d values are nested in each other", maxVisits)
	}
	if depth > maxDepth {
		return fmt.Errorf("dictionaries are nested %d deep", depth)
	}
	if len(name) > maxName {
		return fmt.Errorf("a name of %d bytes", len(name))
	}
	switch v := value.(type) {
	case *view:
		return f.tensor(v.tensor(name))
	case *array:
		t, err := v.tensor(name)
		if err != nil {
			f.extra(name, "an array that is not read: "+err.Error())
			return nil
		}
		return f.tensor(t)
	case *pickle.Dict:
		for i, k := range v.Keys {
			key, ok := keyText(k)
			if !ok {
				f.extra(join(name, fmt.Sprintf("%T", k)), "an entry whose key is no text")
				continue
			}
			switch v.Values[i].(type) {
			case *view, *array:
				f.dicts[join(name, "")] = true
			}
			if err := f.walk(join(name, key), v.Values[i], depth+1); err != nil {
				return err
			}
		}
		return nil
	case *pickle.List:
		return f.items(name, v.Items, depth)
	case pickle.Tuple:
		return f.items(name, v, depth)
	case *pickle.Object:
		if isModule(v) && f.module == "" {
			f.module = v.Class.String()
		}
	}
	f.extra(name, describe(value))
	return nil
}

// items walks a sequence, of which numbers and texts are not told one by one.
func (f *flattener) items(name string, items []any, depth int) error {
	plain := true
	for i, item := range items {
		switch item.(type) {
		case *view, *array, *pickle.Dict, *pickle.List, pickle.Tuple:
			plain = false
			if err := f.walk(join(name, strconv.Itoa(i)), item, depth+1); err != nil {
				return err
			}
		case *pickle.Object:
			plain = false
			f.extra(join(name, strconv.Itoa(i)), describe(item))
		}
	}
	if plain {
		f.extra(name, fmt.Sprintf("a list of %d", len(items)))
	}
	return nil
}

func (f *flattener) tensor(t safetensors.Tensor) error {
	if f.names[t.Name] {
		return fmt.Errorf("the name %q comes twice", t.Name)
	}
	if len(f.tensors) == maxTensors {
		return fmt.Errorf("more than %d tensors", maxTensors)
	}
	f.names[t.Name] = true
	f.tensors = append(f.tensors, t)
	return nil
}

func (f *flattener) extra(name, value string) {
	if len(f.extras) == maxExtras {
		f.unseen++
		return
	}
	f.extras = append(f.extras, Extra{name, value})
}

func join(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}

// keyText is a dictionary's key as a part of a name.
func keyText(key any) (string, bool) {
	switch k := key.(type) {
	case string:
		return k, true
	case int64:
		return strconv.FormatInt(k, 10), true
	}
	return "", false
}

// isModule reports whether an instance of an unknown class is a torch.nn.Module,
// by the attributes that each of them has.
func isModule(o *pickle.Object) bool {
	d, ok := o.State.(*pickle.Dict)
	if !ok {
		return false
	}
	_, hasParameters := d.Get("_parameters")
	_, hasModules := d.Get("_modules")
	return hasParameters && hasModules
}

// describe is a value as text for people.
func describe(value any) string {
	const longest = 60
	switch v := value.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case *big.Int:
		return "a large integer"
	case string:
		if len(v) > longest {
			return fmt.Sprintf("a text of %d bytes", len(v))
		}
		return strconv.Quote(v)
	case pickle.Bytes:
		return fmt.Sprintf("%d bytes", len(v))
	case pickle.Global:
		return v.String()
	case *pickle.Object:
		if isModule(v) {
			return "a whole module, " + v.Class.String() + ", which is not read"
		}
		return "an object (" + strings.TrimPrefix(v.Class.String(), ".") + ")"
	}
	return "a value that is not read"
}
