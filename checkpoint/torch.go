package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/resc-lang/resc/checkpoint/internal/pickle"
	"github.com/resc-lang/resc/runtime/safetensors"
)

// storageTypes are PyTorch's storages, by the name of their class in torch or
// torch.cuda.
var storageTypes = map[string]elements{
	"FloatStorage": {safetensors.F32, 4}, "DoubleStorage": {safetensors.F64, 8},
	"HalfStorage": {safetensors.F16, 2}, "BFloat16Storage": {safetensors.BF16, 2},
	"LongStorage": {"I64", 8}, "IntStorage": {"I32", 4}, "ShortStorage": {"I16", 2},
	"CharStorage": {"I8", 1}, "ByteStorage": {"U8", 1}, "BoolStorage": {"BOOL", 1},
	"ComplexFloatStorage": {"C64", 8}, "UntypedStorage": {"U8", 1},
}

// elements is a type of elements and its size in bytes.
type elements struct {
	dtype safetensors.DType
	width int64
}

// torchTypes are the element types that a tensor on an untyped storage has.
var torchTypes = map[string]elements{
	"float32": {safetensors.F32, 4}, "float64": {safetensors.F64, 8},
	"float16": {safetensors.F16, 2}, "bfloat16": {safetensors.BF16, 2},
	"int64": {"I64", 8}, "int32": {"I32", 4}, "int16": {"I16", 2}, "int8": {"I8", 1},
	"uint8": {"U8", 1}, "bool": {"BOOL", 1}, "uint64": {"U64", 8}, "uint32": {"U32", 4}, "uint16": {"U16", 2},
	"float8_e4m3fn": {"F8_E4M3", 1}, "float8_e5m2": {"F8_E5M2", 1}, "complex64": {"C64", 8},
}

// maxSizes bounds a tensor's sizes.
const maxSizes = 64

// calls are what a checkpoint's pickle may ask for, besides what caller counts. Each
// only builds a value, of no more than constant size.
var calls = map[string]func(args pickle.Tuple) (any, error){
	"collections.defaultdict":                    func(pickle.Tuple) (any, error) { return &pickle.Dict{}, nil },
	"torch.Size":                                 func(a pickle.Tuple) (any, error) { return argument[pickle.Tuple](a, 0) },
	"torch._utils._rebuild_tensor":               rebuildTensor,
	"torch._utils._rebuild_tensor_v2":            rebuildTensor,
	"torch._utils._rebuild_tensor_v3":            rebuildTyped,
	"torch._utils._rebuild_parameter":            func(a pickle.Tuple) (any, error) { return argument[any](a, 0) },
	"torch._utils._rebuild_parameter_v2":         func(a pickle.Tuple) (any, error) { return argument[any](a, 0) },
	"torch._utils._rebuild_parameter_with_state": func(a pickle.Tuple) (any, error) { return argument[any](a, 0) },
	"numpy.core.multiarray._reconstruct":         newArray,
	"numpy._core.multiarray._reconstruct":        newArray,
	"numpy.dtype":                                newArrayType,
}

// inert are functions and classes in lower case whose results are harmless and
// of no use here; they stay closed.
var inert = []string{
	"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.random.",
	"torch.device", "torch._utils.", "torch._tensor.", "torch._C.Generator",
	"datetime.", "collections.deque", "copy_reg._reconstructor", "copyreg._reconstructor", "uuid.",
	"__builtin__.set", "builtins.set", "__builtin__.frozenset", "builtins.frozenset", "__builtin__.slice", "builtins.slice",
	"__builtin__.complex", "builtins.complex", "__builtin__.bytearray", "builtins.bytearray", "__builtin__.object", "builtins.object",
	"__builtin__.list", "builtins.list", "__builtin__.dict", "builtins.dict", "__builtin__.range", "builtins.range", "__builtin__.xrange",
	"__builtin__.bytes", "builtins.bytes", "__builtin__.str", "builtins.str", "__builtin__.int", "builtins.int", "__builtin__.float", "builtins.float",
}

// caller makes the calls of one pickle. A pickle may pass the same large value to any
// number of calls, in a few bytes each: those that copy one copy in all no more than
// the pickle can hold once.
type caller struct{ left int64 }

// newCaller is a caller for a pickle of at most size bytes.
func newCaller(size int64) *caller { return &caller{left: size} }

// take counts n bytes or items that a call copies.
func (c *caller) take(n int) error {
	if c.left -= int64(n); c.left < 0 {
		return errors.New("the file copies values over and over")
	}
	return nil
}

// call is pickle.Hooks.Call for checkpoints.
func (c *caller) call(f pickle.Global, args pickle.Tuple) (v any, known bool, err error) {
	name := f.String()
	if name == "torch._tensor._rebuild_from_type_v2" && len(args) >= 3 {
		// (function, class, its arguments, state): a tensor of a subclass
		if g, ok := args[0].(pickle.Global); ok && g != f {
			if a, ok := args[2].(pickle.Tuple); ok {
				return c.call(g, a)
			}
		}
	}
	if strings.HasPrefix(name, "torch._utils._rebuild_") && len(args) > 0 {
		if unread, ok := args[0].(*pickle.Object); ok {
			return unread, true, nil
		}
	}
	build, ok := calls[name]
	switch name {
	case "collections.OrderedDict":
		build, ok = c.newDict, true
	case "_codecs.encode":
		build, ok = c.encode, true
	}
	if ok {
		if v, err = build(args); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return v, true, err
	}
	for _, i := range inert {
		if name == i || strings.HasSuffix(i, ".") && strings.HasPrefix(name, i) {
			return &pickle.Object{Class: f, Args: args}, true, nil
		}
	}
	return nil, false, nil
}

// argument is an argument of that type.
func argument[T any](args pickle.Tuple, i int) (v T, err error) {
	if i >= len(args) {
		return v, fmt.Errorf("%d arguments are too few", len(args))
	}
	v, ok := args[i].(T)
	if !ok {
		return v, fmt.Errorf("argument %d is a %T", i, args[i])
	}
	return v, nil
}

// newDict makes a dictionary, of a list of pairs if there is one.
func (c *caller) newDict(args pickle.Tuple) (any, error) {
	d := &pickle.Dict{}
	if len(args) == 0 {
		return d, nil
	}
	list, err := argument[*pickle.List](args, 0)
	if err != nil {
		return nil, err
	}
	if err := c.take(len(list.Items)); err != nil {
		return nil, err
	}
	for _, item := range list.Items {
		var pair []any
		switch p := item.(type) {
		case pickle.Tuple:
			pair = p
		case *pickle.List:
			pair = p.Items
		}
		if len(pair) != 2 {
			return nil, errors.New("an entry is no pair")
		}
		d.Set(pair[0], pair[1])
	}
	return d, nil
}

// encode undoes what protocol 2 does to a byte string.
func (c *caller) encode(args pickle.Tuple) (any, error) {
	text, err := argument[string](args, 0)
	if err == nil {
		err = c.take(len(text))
	}
	if err != nil {
		return nil, err
	}
	b := make(pickle.Bytes, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		if r > 0xff {
			return nil, errors.New("text that is not latin1")
		}
		b = append(b, byte(r))
	}
	return b, nil
}

// rebuildTensor makes a tensor of (storage, offset, sizes, strides, …).
func rebuildTensor(args pickle.Tuple) (any, error) {
	on, err := argument[*storage](args, 0)
	if err != nil {
		return nil, err
	}
	return rebuild(on, args)
}

// rebuildTyped is rebuildTensor for an untyped storage: the type comes seventh.
func rebuildTyped(args pickle.Tuple) (any, error) {
	on, err := argument[*storage](args, 0)
	if err != nil {
		return nil, err
	}
	g, err := argument[pickle.Global](args, 6)
	if err != nil {
		return nil, err
	}
	t, ok := torchTypes[g.Name]
	if !ok || g.Module != "torch" {
		return &pickle.Object{Class: g}, nil
	}
	typed := &storage{src: on.src, dtype: t.dtype, width: t.width, count: on.count * on.width / t.width, root: on}
	if on.width != 1 {
		return nil, errors.New("a type for a storage that has one")
	}
	return rebuild(typed, args)
}

func rebuild(on *storage, args pickle.Tuple) (any, error) {
	offset, err := argument[int64](args, 1)
	if err != nil {
		return nil, err
	}
	v := &view{on: on, offset: offset}
	if v.shape, err = sizes(args, 2); err != nil {
		return nil, err
	}
	strides, err := sizes(args, 3)
	if err != nil {
		return nil, err
	}
	for _, s := range strides {
		v.stride = append(v.stride, int64(s))
	}
	return v, v.check()
}

// sizes is an argument that is a tuple of sizes.
func sizes(args pickle.Tuple, i int) ([]int, error) {
	t, err := argument[pickle.Tuple](args, i)
	if err != nil {
		return nil, err
	}
	if len(t) > maxSizes {
		return nil, fmt.Errorf("%d sizes or strides", len(t))
	}
	list := make([]int, len(t))
	for i := range t {
		n, err := argument[int64](t, i)
		if err != nil {
			return nil, err
		}
		if n < 0 || n > math.MaxInt {
			return nil, fmt.Errorf("a size of %d", n)
		}
		list[i] = int(n)
	}
	return list, nil
}

// storageType is what a storage's class says; ok is false for one that is not
// read, such as a quantised one.
func storageType(class any) (t elements, name string, ok bool) {
	g, isGlobal := class.(pickle.Global)
	if !isGlobal {
		return t, "", false
	}
	if g.Module != "torch" && g.Module != "torch.cuda" && g.Module != "torch.storage" {
		return t, g.String(), false
	}
	t, ok = storageTypes[g.Name]
	return t, g.String(), ok
}
