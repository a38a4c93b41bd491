package onnx

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds on what a file may hold. The largest networks have some ten thousand
// nodes.
const (
	maxParts = 1 << 19 // messages, names, and elements of attributes
	maxName  = 1 << 16 // bytes
	maxText  = 1 << 24 // bytes of one entry of the metadata, or of a description
	maxRank  = 16
	maxFile  = math.MaxInt32 // of a protocol buffer, in bytes
)

// errTruncated is the error of bytes that end too early or are no protocol
// buffer.
var errTruncated = errors.New("it is cut short, or no ONNX file")

// field is one field of a message. Data is what a length-delimited field holds;
// Number is every other's value.
type field struct {
	num    protowire.Number
	typ    protowire.Type
	data   []byte
	number uint64
}

// decoder counts the parts of a file against their limit.
type decoder struct{ parts int }

// part counts n more parts.
func (d *decoder) part(n int) error {
	if d.parts += n; d.parts > maxParts {
		return fmt.Errorf("it has more than %d parts", maxParts)
	}
	return nil
}

// fields hands each field of a message to f.
func (d *decoder) fields(message []byte, f func(field) error) error {
	if err := d.part(1); err != nil {
		return err
	}
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errTruncated
		}
		message = message[n:]
		x := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			x.number, n = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			x.number = uint64(v)
		case protowire.Fixed64Type:
			x.number, n = protowire.ConsumeFixed64(message)
		case protowire.BytesType:
			x.data, n = protowire.ConsumeBytes(message)
		default: // groups, which ONNX does not use
			return errTruncated
		}
		if n < 0 {
			return errTruncated
		}
		message = message[n:]
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// message is a field's bytes, which it must have.
func (x field) message() ([]byte, error) {
	if x.typ != protowire.BytesType {
		return nil, fmt.Errorf("field %d is not what ONNX says", x.num)
	}
	return x.data, nil
}

// integer is a field's number, which it must be.
func (x field) integer() (int64, error) {
	if x.typ != protowire.VarintType {
		return 0, fmt.Errorf("field %d is not what ONNX says", x.num)
	}
	return int64(x.number), nil
}

// text is a field's string of at most limit bytes.
func (d *decoder) text(x field, limit int) (string, error) {
	if err := d.part(1); err != nil {
		return "", err
	}
	data, err := x.message()
	switch {
	case err != nil:
		return "", err
	case len(data) > limit:
		return "", fmt.Errorf("a text has %d bytes, and at most %d are possible", len(data), limit)
	case !utf8.Valid(data):
		return "", errors.New("a text is not UTF-8")
	}
	return string(data), nil
}

// name is a field's string, where it names something.
func (d *decoder) name(x field) (string, error) { return d.text(x, maxName) }

// integers appends a field's numbers to v: one, or packed ones.
func (d *decoder) integers(x field, v []int64) ([]int64, error) {
	if x.typ == protowire.VarintType {
		return append(v, int64(x.number)), d.part(1)
	}
	data, err := x.message()
	for err == nil && len(data) > 0 {
		number, n := protowire.ConsumeVarint(data)
		if n < 0 {
			return nil, errTruncated
		}
		v, data = append(v, int64(number)), data[n:]
		err = d.part(1)
	}
	return v, err
}

// floats appends a field's numbers to v: one, or packed ones.
func (d *decoder) floats(x field, v []float32) ([]float32, error) {
	if x.typ == protowire.Fixed32Type {
		return append(v, math.Float32frombits(uint32(x.number))), d.part(1)
	}
	data, err := x.message()
	for err == nil && len(data) > 0 {
		bits, n := protowire.ConsumeFixed32(data)
		if n < 0 {
			return nil, errTruncated
		}
		v, data = append(v, math.Float32frombits(bits)), data[n:]
		err = d.part(1)
	}
	return v, err
}
