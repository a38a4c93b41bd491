package pickle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fill puts values into the container below them.
func (m *machine) fill(op byte) error {
	var items []any
	var err error
	switch op {
	case opAppend:
		items, err = m.pop(1)
	case opSetItem:
		items, err = m.pop(2)
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	into, err := m.peek()
	if err != nil {
		return err
	}
	if op == opSetItem || op == opSetItems {
		if len(items)%2 != 0 {
			return errors.New("a key without a value")
		}
		switch d := into.(type) {
		case *Dict:
			for i := 0; i < len(items); i += 2 {
				d.Set(items[i], items[i+1])
			}
		case *Object: // a subclass of dict: its entries are not looked at
		default:
			return fmt.Errorf("entries for a %s, which is no dictionary", kind(into))
		}
		return nil
	}
	switch l := into.(type) {
	case *List:
		l.Items = append(l.Items, items...)
	case *Object:
	default:
		return fmt.Errorf("items for a %s, which is no list", kind(into))
	}
	return nil
}

// object names globals, calls them, and builds instances.
func (m *machine) object(op byte) error {
	switch op {
	case opGlobal:
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.push(Global{module, name})
	case opStackGlobal:
		top, err := m.pop(2)
		if err != nil {
			return err
		}
		module, ok1 := top[0].(string)
		name, ok2 := top[1].(string)
		if !ok1 || !ok2 {
			return errors.New("a global whose name is no string")
		}
		return m.push(Global{module, name})
	case opBinPersID:
		top, err := m.pop(1)
		if err != nil {
			return err
		}
		if m.hooks.Persistent == nil {
			return errors.New("an object that is kept outside of the pickle")
		}
		v, err := m.hooks.Persistent(top[0])
		if err != nil {
			return err
		}
		return m.push(v)
	case opBuild:
		return m.build()
	}
	n := 2
	if op == opNewObjEx {
		n = 3
	}
	top, err := m.pop(n)
	if err != nil {
		return err
	}
	top = slices.Clone(top)
	v, err := m.call(top[0], top[1])
	if err != nil {
		return err
	}
	return m.push(v)
}

// call is what calling function yields. An unknown class gives an Object; an
// unknown function is an error.
func (m *machine) call(function, args any) (any, error) {
	g, ok := function.(Global)
	if !ok {
		return nil, fmt.Errorf("a call of a %s", kind(function))
	}
	if m.hooks.Call != nil {
		tuple, ok := args.(Tuple)
		if !ok {
			return nil, fmt.Errorf("a call of %s without a tuple of arguments", g)
		}
		if v, known, err := m.hooks.Call(g, tuple); known || err != nil {
			return v, err
		}
	}
	if !isClass(g) {
		return nil, &ForbiddenError{g}
	}
	return &Object{Class: g, Args: args}, nil
}

// ForbiddenError is a pickle's call of a function that is not among those that
// build values.
type ForbiddenError struct{ Function Global }

func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("the file asks Python to call %s, which has no place in a checkpoint; nothing was run", e.Function)
}

// outside are modules whose classes, too, reach beyond the file: processes,
// files, networks and code.
var outside = []string{
	"__builtin__", "builtins", "asyncio", "bdb", "code", "codeop", "commands", "concurrent", "ctypes", "distutils",
	"ftplib", "http", "imp", "importlib", "marshal", "multiprocessing", "nt", "os", "pdb", "pickle", "pip", "popen2",
	"posix", "profile", "pty", "pydoc", "requests", "runpy", "shutil", "site", "smtplib", "socket", "subprocess", "sys",
	"tempfile", "test", "threading", "timeit", "trace", "types", "urllib", "urllib2", "webbrowser",
}

// isClass reports whether a name is by Python's custom that of a class, and not
// of a module that reaches outside. It decides what is told to the user, and
// nothing else: neither kind is ever run.
func isClass(g Global) bool {
	root, _, _ := strings.Cut(g.Module, ".")
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(g.Name[strings.LastIndexByte(g.Name, '.')+1:], "_"))
	return unicode.IsUpper(first) && !slices.Contains(outside, root)
}

// build gives the uppermost object a state.
func (m *machine) build() error {
	top, err := m.pop(1)
	if err != nil {
		return err
	}
	state := top[0]
	into, err := m.peek()
	if err != nil {
		return err
	}
	switch o := into.(type) {
	case *Object:
		o.State = state
	case Builder:
		return o.Build(state)
	case *Dict: // an OrderedDict's attributes, such as _metadata
	default:
		return fmt.Errorf("a state for a %s", kind(into))
	}
	return nil
}

// Builder is a value that Hooks.Call returned and that takes a state.
type Builder interface{ Build(state any) error }

// kind is the Python word for a value.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Bytes:
		return "bytes"
	case Tuple:
		return "tuple"
	case *List:
		return "list"
	case *Dict:
		return "dict"
	case Global:
		return v.String()
	case *Object:
		return v.Class.String()
	}
	return fmt.Sprintf("%T", v)
}
