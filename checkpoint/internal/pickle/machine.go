package pickle

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// The opcodes, as Lib/pickle.py names them.
const (
	opMark            = '('
	opStop            = '.'
	opPop             = '0'
	opPopMark         = '1'
	opDup             = '2'
	opBinInt          = 'J'
	opBinInt1         = 'K'
	opBinInt2         = 'M'
	opLong1           = 0x8a
	opLong4           = 0x8b
	opNone            = 'N'
	opNewTrue         = 0x88
	opNewFalse        = 0x89
	opBinFloat        = 'G'
	opBinString       = 'T'
	opShortBinString  = 'U'
	opBinBytes        = 'B'
	opShortBinBytes   = 'C'
	opBinBytes8       = 0x8e
	opByteArray8      = 0x96
	opBinUnicode      = 'X'
	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opEmptyList       = ']'
	opAppend          = 'a'
	opAppends         = 'e'
	opEmptyTuple      = ')'
	opTuple           = 't'
	opTuple1          = 0x85
	opTuple2          = 0x86
	opTuple3          = 0x87
	opEmptyDict       = '}'
	opSetItem         = 's'
	opSetItems        = 'u'
	opEmptySet        = 0x8f
	opAddItems        = 0x90
	opFrozenSet       = 0x91
	opGlobal          = 'c'
	opStackGlobal     = 0x93
	opReduce          = 'R'
	opBuild           = 'b'
	opNewObj          = 0x81
	opNewObjEx        = 0x92
	opBinPersID       = 'Q'
	opBinPut          = 'q'
	opLongBinPut      = 'r'
	opMemoize         = 0x94
	opBinGet          = 'h'
	opLongBinGet      = 'j'
	opProto           = 0x80
	opFrame           = 0x95
)

var errStack = errors.New("the stack is empty where a value is needed")

// machine is the stack machine. Marks are heights of the stack, so that nothing
// nests.
type machine struct {
	r     *bufio.Reader
	hooks Hooks
	stack []any
	marks []int
	memo  map[uint64]any

	values int    // pushed so far
	left   uint64 // bytes that further strings may take
}

func (m *machine) push(v any) error {
	if m.values++; m.values > maxValues {
		return fmt.Errorf("more than %d values", maxValues)
	}
	m.stack = append(m.stack, v)
	return nil
}

// pop takes the n uppermost values, which must be above the last mark.
func (m *machine) pop(n int) ([]any, error) {
	floor := 0
	if len(m.marks) > 0 {
		floor = m.marks[len(m.marks)-1]
	}
	if len(m.stack)-n < floor {
		return nil, errStack
	}
	top := m.stack[len(m.stack)-n:]
	m.stack = m.stack[:len(m.stack)-n]
	return top, nil
}

// popMark takes the values above the last mark, and the mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("a mark is missing")
	}
	top := m.stack[m.marks[len(m.marks)-1]:]
	m.stack = m.stack[:m.marks[len(m.marks)-1]]
	m.marks = m.marks[:len(m.marks)-1]
	return top, nil
}

// peek is the uppermost value.
func (m *machine) peek() (any, error) {
	top, err := m.pop(1)
	if err != nil {
		return nil, err
	}
	m.stack = m.stack[:len(m.stack)+1]
	return top[0], nil
}

// step does one instruction.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		version, err := m.uint(1)
		if err == nil && (version < 2 || version > 5) {
			err = fmt.Errorf("protocol %d is not known", version)
		}
		return err
	case opFrame:
		_, err := m.uint(8)
		return err
	case opMark:
		if len(m.marks) == maxValues {
			return fmt.Errorf("more than %d marks", maxValues)
		}
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opPop:
		// Python lets a pop take a mark.
		if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
			m.marks = m.marks[:n-1]
			return nil
		}
		_, err := m.pop(1)
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		v, err := m.peek()
		if err != nil {
			return err
		}
		return m.push(v)
	case opBinPut, opLongBinPut, opMemoize:
		return m.put(op)
	case opBinGet, opLongBinGet:
		return m.get(op)
	case opAppend, opAppends, opSetItem, opSetItems, opAddItems:
		return m.fill(op)
	case opGlobal, opStackGlobal, opReduce, opBuild, opNewObj, opNewObjEx, opBinPersID:
		return m.object(op)
	}
	v, err := m.value(op)
	if err != nil {
		return err
	}
	return m.push(v)
}

// value reads a value that stands for itself.
func (m *machine) value(op byte) (any, error) {
	switch op {
	case opNone:
		return nil, nil
	case opNewTrue, opNewFalse:
		return op == opNewTrue, nil
	case opBinInt:
		n, err := m.uint(4)
		return int64(int32(n)), err
	case opBinInt1:
		n, err := m.uint(1)
		return int64(n), err
	case opBinInt2:
		n, err := m.uint(2)
		return int64(n), err
	case opLong1, opLong4:
		return m.long(op)
	case opBinFloat:
		n, err := m.uint(8) // alone of all numbers, the most significant byte first
		return math.Float64frombits(bits.ReverseBytes64(n)), err
	case opBinUnicode, opBinString:
		b, err := m.bytes(4)
		return string(b), err
	case opShortBinUnicode, opShortBinString:
		b, err := m.bytes(1)
		return string(b), err
	case opBinUnicode8:
		b, err := m.bytes(8)
		return string(b), err
	case opShortBinBytes:
		b, err := m.bytes(1)
		return Bytes(b), err
	case opBinBytes:
		b, err := m.bytes(4)
		return Bytes(b), err
	case opBinBytes8, opByteArray8:
		b, err := m.bytes(8)
		return Bytes(b), err
	case opEmptyList, opEmptySet:
		return &List{}, nil
	case opEmptyDict:
		return &Dict{}, nil
	case opEmptyTuple:
		return Tuple{}, nil
	case opTuple1, opTuple2, opTuple3:
		items, err := m.pop(int(op) - opTuple1 + 1)
		return Tuple(slices.Clone(items)), err
	case opTuple:
		items, err := m.popMark()
		return Tuple(slices.Clone(items)), err
	case opFrozenSet:
		items, err := m.popMark()
		return &List{slices.Clone(items)}, err
	}
	return nil, fmt.Errorf("instruction 0x%02x is not one of protocols 2 to 5", op)
}

// long reads an integer in two's complement.
func (m *machine) long(op byte) (any, error) {
	size := 1
	if op == opLong4 {
		size = 4
	}
	n, err := m.uint(size)
	if err != nil {
		return nil, err
	}
	if n > maxLong {
		return nil, fmt.Errorf("an integer of %d bytes", n)
	}
	b, err := m.take(n)
	if err != nil {
		return nil, err
	}
	slices.Reverse(b)
	v := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return v.Int64(), nil
	}
	return v, nil
}

// put keeps the uppermost value in the memo.
func (m *machine) put(op byte) error {
	v, err := m.peek()
	if err != nil {
		return err
	}
	slot := uint64(len(m.memo))
	switch op {
	case opBinPut:
		slot, err = m.uint(1)
	case opLongBinPut:
		slot, err = m.uint(4)
	}
	if err != nil {
		return err
	}
	if len(m.memo) == maxValues {
		return fmt.Errorf("more than %d values are kept", maxValues)
	}
	m.memo[slot] = v
	return nil
}

// get pushes a value of the memo.
func (m *machine) get(op byte) error {
	size := 1
	if op == opLongBinGet {
		size = 4
	}
	slot, err := m.uint(size)
	if err != nil {
		return err
	}
	v, ok := m.memo[slot]
	if !ok {
		return fmt.Errorf("nothing was kept under %d", slot)
	}
	return m.push(v)
}
