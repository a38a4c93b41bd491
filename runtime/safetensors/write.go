package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Write writes a file of tensors, with metadata unless that is empty. The same
// tensors make the same bytes in whatever order they come: as the reference
// implementation does, it puts wider types first and sorts by name, so that
// every tensor is aligned to its elements, and pads the header to 8 bytes. One
// tensor's bytes are in memory at a time.
func Write(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType.order(), a.DType.order()), cmp.Compare(a.Name, b.Name))
	})
	head, err := formatHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range tensors {
		data, err := t.Bytes()
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}

// formatHeader is the length and the JSON for tensors in file order.
func formatHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	type info struct {
		DType   DType     `json:"dtype"`
		Shape   []int     `json:"shape"`
		Offsets [2]uint64 `json:"data_offsets"`
	}
	if max(len(tensors), len(metadata)) > maxTensors {
		return nil, fmt.Errorf("safetensors: more than %d tensors or entries of the metadata", maxTensors)
	}
	text := bytes.NewBuffer(make([]byte, lengthSize))
	text.WriteByte('{')
	seen := map[string]bool{metadataKey: true}
	if len(metadata) > 0 {
		member(text, metadataKey, metadata)
	}
	var next uint64
	for _, t := range tensors {
		if !utf8.ValidString(t.Name) {
			return nil, fmt.Errorf("safetensors: the name %q is not UTF-8", t.Name)
		}
		if seen[t.Name] {
			return nil, fmt.Errorf("safetensors: the name %q is taken", t.Name)
		}
		seen[t.Name] = true
		size, err := byteSize(t.DType, t.Shape)
		if err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
		}
		if next+size < next {
			return nil, fmt.Errorf("safetensors: tensor %q: the file would be too large", t.Name)
		}
		shape := append([]int{}, t.Shape...) // [] for a scalar, never null
		member(text, t.Name, info{t.DType, shape, [2]uint64{next, next + size}})
		next += size
	}
	text.WriteByte('}')
	for text.Len()%8 != 0 {
		text.WriteByte(' ')
	}
	if text.Len()-lengthSize > maxHeader {
		return nil, fmt.Errorf("safetensors: the header would take %d bytes; the limit is %d", text.Len()-lengthSize, maxHeader)
	}
	binary.LittleEndian.PutUint64(text.Bytes(), uint64(text.Len()-lengthSize))
	return text.Bytes(), nil
}

// member writes one member of the header's object. Strings, integers and maps
// of strings always marshal.
func member(text *bytes.Buffer, key string, value any) {
	if text.Len() > lengthSize+1 {
		text.WriteByte(',')
	}
	name, _ := json.Marshal(key)
	body, _ := json.Marshal(value)
	text.Write(name)
	text.WriteByte(':')
	text.Write(body)
}
