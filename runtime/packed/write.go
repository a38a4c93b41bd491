package packed

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
)

// Write writes a file. sections are the bytes of the index's, each in pieces that
// follow each other; sizes and checksums in the index are made from them.
func Write(w io.Writer, index Index, sections [][][]byte) error {
	if len(sections) != len(index.Sections) {
		return errors.New("packed weights: the index has another number of sections")
	}
	index.Sections = append([]Section{}, index.Sections...)
	for i, pieces := range sections {
		s := &index.Sections[i]
		s.Size, s.CRC32C = 0, 0
		for _, p := range pieces {
			s.Size += int64(len(p))
			s.CRC32C = crc32.Update(s.CRC32C, castagnoli, p)
		}
	}
	text, err := json.Marshal(index)
	if err != nil {
		return err
	}
	if len(text) > maxIndex {
		return malformed("the index would take %d bytes; the limit is %d", len(text), maxIndex)
	}
	length := headerSize + int64(len(text))
	for i, s := range index.Sections {
		length = next(i, length) + s.Size
	}
	head := append([]byte(Magic), make([]byte, headerSize-len(Magic))...)
	binary.LittleEndian.PutUint32(head[8:], formatVersion)
	binary.LittleEndian.PutUint64(head[16:], uint64(length))
	binary.LittleEndian.PutUint64(head[24:], uint64(len(text)))
	head = append(head, text...)
	binary.LittleEndian.PutUint32(head[12:], crc32.Checksum(head[checkedFrom:], castagnoli))
	if _, err := w.Write(head); err != nil {
		return err
	}
	end := int64(len(head))
	for i, pieces := range sections {
		if _, err := w.Write(make([]byte, next(i, end)-end)); err != nil {
			return err
		}
		for _, p := range pieces {
			if _, err := w.Write(p); err != nil {
				return err
			}
		}
		end = next(i, end) + index.Sections[i].Size
	}
	return nil
}

// next is where the i-th section begins when what is before it ends at end.
func next(i int, end int64) int64 {
	if i == 0 {
		return align(end, page)
	}
	return align(end, line)
}
