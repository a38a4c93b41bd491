package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/resc-lang/resc/internal/source"
)

const (
	lengthSize  = 8           // bytes of the length in front of the header
	maxHeader   = 100_000_000 // bytes, the format's own limit
	maxTensors  = 1 << 16     // and entries of the metadata
	maxRank     = 64
	metadataKey = "__metadata__"
)

// FormatError says why a file is not a valid safetensors file.
type FormatError struct{ Reason string }

func (e *FormatError) Error() string { return "safetensors: " + e.Reason }

func malformed(format string, args ...any) error {
	return &FormatError{fmt.Sprintf(format, args...)}
}

// entry is a tensor as the header describes it. begin and end are offsets into
// the bytes after the header.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end uint64
}

// header is a checked header: its entries lie one after the other and fill the
// data exactly.
type header struct {
	size     int64 // bytes of the length and the JSON: where the data starts
	entries  []entry
	metadata map[string]string
}

// readHeader reads and checks the header of a file.
func readHeader(s *source.Source) (*header, error) {
	size := s.Size()
	if size < lengthSize {
		return nil, malformed("%d bytes are too few for a header", size)
	}
	length, err := s.Read(0, lengthSize)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	n := binary.LittleEndian.Uint64(length)
	if n > uint64(size-lengthSize) || n > maxHeader {
		if what := sniff(length); what != "" {
			return nil, malformed("this is %s, not a safetensors file", what)
		}
		return nil, malformed("the header is said to take %d bytes; the file has %d, and the limit is %d", n, size-lengthSize, maxHeader)
	}
	text, err := s.Read(lengthSize, int64(n))
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	h, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	h.size = lengthSize + int64(n)
	return h, h.check(uint64(size - h.size))
}

// sniff recognises what people pass for a safetensors file by its first bytes.
func sniff(start []byte) string {
	for _, magic := range []struct{ prefix, what string }{
		{"PK\x03\x04", "a zip archive, as PyTorch's .pth checkpoints are"},
		{"\x80\x02", "a Python pickle, as PyTorch's old .pth checkpoints are"},
		{"\x89HDF", "an HDF5 file"},
		{"\x93NUMPY", "a NumPy array"},
		{"GGUF", "a GGUF file"},
		{"version ", "a Git LFS pointer (run git lfs pull)"},
		{"<", "a web page"},
	} {
		if bytes.HasPrefix(start, []byte(magic.prefix)) {
			return magic.what
		}
	}
	return ""
}

// parseHeader reads the JSON. Field values are taken as they come; check judges
// them.
func parseHeader(text []byte) (*header, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, malformed("the header does not start with {")
	}
	if !utf8.Valid(text) {
		return nil, malformed("the header is not UTF-8")
	}
	h := new(header)
	dec := json.NewDecoder(bytes.NewReader(text))
	err := object(dec, func(name string) error {
		if name == metadataKey {
			h.metadata = make(map[string]string)
			return object(dec, func(key string) error {
				var value *string
				if err := dec.Decode(&value); err != nil || value == nil {
					return malformed("%s: the value of %q is not a string", metadataKey, key)
				}
				h.metadata[key] = *value
				return nil
			})
		}
		e, err := parseEntry(dec, name)
		if err == nil {
			h.entries = append(h.entries, e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if rest := text[dec.InputOffset():]; len(bytes.Trim(rest, " \t\r\n")) > 0 {
		return nil, malformed("the header goes on after its JSON object")
	}
	return h, nil
}

// parseEntry reads {"dtype":…,"shape":…,"data_offsets":…}. Other fields are
// passed over, as the reference implementation does.
func parseEntry(dec *json.Decoder, name string) (entry, error) {
	e := entry{name: name}
	var shape, offsets numbers
	err := object(dec, func(field string) error {
		var err error
		switch field {
		case "dtype":
			err = dec.Decode(&e.dtype)
		case "shape":
			err = dec.Decode(&shape)
		case "data_offsets":
			err = dec.Decode(&offsets)
		default:
			err = dec.Decode(new(json.RawMessage))
		}
		if err != nil {
			return malformed("tensor %q: %s: %v", name, field, err)
		}
		return nil
	})
	if err != nil {
		return entry{}, err
	}
	if e.dtype == "" || shape == nil || len(offsets) != 2 {
		return entry{}, malformed("tensor %q: the header must give its dtype, shape and two data_offsets", name)
	}
	e.begin, e.end = offsets[0], offsets[1]
	e.shape = make([]int, len(shape))
	for i, d := range shape {
		if d > math.MaxInt {
			return entry{}, malformed("tensor %q: dimension %d is too large", name, d)
		}
		e.shape[i] = int(d)
	}
	return e, nil
}

// numbers is a shape or offsets.
type numbers []uint64

// UnmarshalJSON counts the numbers before it takes memory for them.
func (n *numbers) UnmarshalJSON(text []byte) error {
	if bytes.Count(text, []byte{','}) >= maxRank {
		return fmt.Errorf("more than %d numbers", maxRank)
	}
	return json.Unmarshal(text, (*[]uint64)(n))
}

// object reads a JSON object and calls member after each key, to read the
// value. A key that comes twice is an error: readers would disagree about it.
func object(dec *json.Decoder, member func(key string) error) error {
	token, err := dec.Token()
	if err != nil {
		return malformed("the header is not JSON: %v", err)
	}
	if token != json.Delim('{') {
		return malformed("the header has %v where an object belongs", token)
	}
	seen := make(map[string]bool)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return malformed("the header is not JSON: %v", err)
		}
		key, ok := token.(string)
		if !ok {
			return malformed("the header has %v where a name belongs", token)
		}
		if seen[key] {
			return malformed("the header has %q twice", key)
		}
		if len(seen) > maxTensors { // one more for the metadata
			return malformed("the header has an object of more than %d members: at most %d tensors are read", maxTensors, maxTensors)
		}
		seen[key] = true
		if err := member(key); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return malformed("the header is not JSON: %v", err)
	}
	return nil
}

// check sorts the entries by offset and proves that each has the bytes its type
// and shape take and that together they fill the data: no gap, no overlap, no
// byte left over.
func (h *header) check(data uint64) error {
	slices.SortFunc(h.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	var next uint64 // where the next tensor has to begin
	for _, e := range h.entries {
		if e.begin > e.end || e.end > data {
			return malformed("tensor %q: offsets %d to %d do not lie in the file's %d bytes of data", e.name, e.begin, e.end, data)
		}
		size, err := byteSize(e.dtype, e.shape)
		if err != nil {
			return malformed("tensor %q: %v", e.name, err)
		}
		if size != e.end-e.begin {
			return malformed("tensor %q: %s%v takes %d bytes, but the offsets give it %d", e.name, e.dtype, e.shape, size, e.end-e.begin)
		}
		if e.begin < next {
			return malformed("tensor %q overlaps the one before it", e.name)
		}
		if e.begin > next {
			return malformed("%d bytes before tensor %q belong to no tensor", e.begin-next, e.name)
		}
		next = e.end
	}
	if next != data {
		return malformed("%d bytes at the end belong to no tensor", data-next)
	}
	return nil
}
