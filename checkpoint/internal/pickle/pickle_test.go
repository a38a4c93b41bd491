package pickle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func read(data string) (any, error) {
	return Read(bufio.NewReader(strings.NewReader(data)), int64(len(data)), Hooks{})
}

func TestValues(t *testing.T) {
	for data, want := range map[string]any{
		"\x80\x02N.":                                 nil,
		"\x80\x02\x88.":                              true,
		"\x80\x02K\x07.":                             int64(7),
		"\x80\x02M\x01\x02.":                         int64(513),
		"\x80\x02J\xff\xff\xff\xff.":                 int64(-1),
		"\x80\x02\x8a\x01\x80.":                      int64(-128),
		"\x80\x02\x8a\x00.":                          int64(0),
		"\x80\x02G\x3f\xf8\x00\x00\x00\x00\x00\x00.": 1.5,
		"\x80\x02X\x02\x00\x00\x00ab.":               "ab",
		"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.": "a",
		"\x80\x03C\x02ab.":                Bytes("ab"),
		"\x80\x02K\x01K\x02\x86.":         Tuple{int64(1), int64(2)},
		"\x80\x02](K\x01K\x02e.":          &List{[]any{int64(1), int64(2)}},
		"\x80\x02]q\x00K\x01ah\x000.":     &List{[]any{int64(1)}},
		"\x80\x02K\x01(0K\x02\x86.":       Tuple{int64(1), int64(2)}, // a pop takes the mark
		"\x80\x02ca\nB\n.":                Global{"a", "B"},
		"\x80\x04\x8c\x01a\x8c\x01B\x93.": Global{"a", "B"},
		"\x80\x02ca\nB\n)R}b.":            &Object{Global{"a", "B"}, Tuple{}, &Dict{}},
		"\x80\x02ca\nB\n)\x81K\x01b.":     &Object{Global{"a", "B"}, Tuple{}, int64(1)},
	} {
		if got, err := read(data); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, %v; want %#v", data, got, err, want)
		}
	}
	long, err := read("\x80\x02\x8a\x09\xff\xff\xff\xff\xff\xff\xff\xff\x7f.")
	if fmt.Sprint(long) != "2361183241434822606847" || err != nil {
		t.Errorf("a long integer is %v, %v", long, err)
	}
}

func TestDict(t *testing.T) {
	v, err := read("\x80\x02}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00bK\x02u.")
	if err != nil {
		t.Fatal(err)
	}
	d := v.(*Dict)
	d.Set("a", int64(3))
	if got, ok := d.Get("a"); !ok || got != int64(3) || len(d.Keys) != 2 {
		t.Errorf("%#v", d)
	}
	if _, ok := d.Get("c"); ok {
		t.Error("a key that is not there")
	}
}

// TestHostile has each thing that a pickle may do to its reader.
func TestHostile(t *testing.T) {
	size := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	for name, test := range map[string]struct{ data, want string }{
		"calls os.system":      {"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "asks Python to call os.system"},
		"calls eval":           {"\x80\x04\x8c\x08builtins\x8c\x04eval\x93)R.", "asks Python to call builtins.eval"},
		"starts a process":     {"\x80\x02csubprocess\nPopen\n)\x81.", "asks Python to call subprocess.Popen"},
		"gets an attribute":    {"\x80\x02c__builtin__\ngetattr\nNN\x86R.", "asks Python to call __builtin__.getattr"},
		"calls a method":       {"\x80\x02ca.b\nC.run\n)R.", "asks Python to call a.b.C.run"},
		"calls a number":       {"\x80\x02K\x01)R.", "a call of a int"},
		"empty":                {"", "unexpected EOF"},
		"cut short":            {"\x80\x02X\x05\x00\x00\x00abc", "unexpected EOF"},
		"text protocol":        {"(dp0\n.", "instruction 0x64"},
		"protocol":             {"\x80\x09.", "protocol 9"},
		"huge string":          {"\x80\x04\x8d" + size(1<<63) + "abc", "at most 14 are left"},
		"huge bytes":           {"\x80\x04\x8e" + size(1<<40) + "abc", "at most 14 are left"},
		"strings in all":       {"\x80\x02U\x05helloU\x0dhello.", "a string of 13 bytes where at most 12 are left"},
		"huge integer":         {"\x80\x02\x8b\xff\xff\xff\x7f", "an integer of"},
		"pops nothing":         {"\x80\x020.", "empty"},
		"pops below a mark":    {"\x80\x02K\x01(\x85.", "empty"},
		"no mark":              {"\x80\x02t.", "mark is missing"},
		"stops with two":       {"\x80\x02NN.", "2 values"},
		"stops with a mark":    {"\x80\x02N(.", "1 values"},
		"unknown memo":         {"\x80\x02h\x05.", "kept under 5"},
		"entries for a number": {"\x80\x02K\x01(NNu.", "no dictionary"},
		"items for a number":   {"\x80\x02K\x01Na.", "no list"},
		"odd entries":          {"\x80\x02}(Nu.", "without a value"},
		"state for a number":   {"\x80\x02K\x01Nb.", "a state for a int"},
		"outside object":       {"\x80\x02NQ.", "outside of the pickle"},
		"long name":            {"\x80\x02c" + strings.Repeat("a", maxLine+1) + "\nb\n.", "a name of more"},
		"many values":          {"\x80\x02" + strings.Repeat("}", maxValues+1) + ".", "more than 2097152 values"},
		"many marks":           {"\x80\x02" + strings.Repeat("(", maxValues+1) + ".", "more than 2097152 marks"},
		"deep lists":           {"\x80\x02" + strings.Repeat("]", 1<<20) + strings.Repeat("a", 1<<20-1), "unexpected EOF"},
		"a global by numbers":  {"\x80\x04NN\x93.", "no string"},
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := read(test.data); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%.80v, %v; want %q", v, err, test.want)
			}
		})
	}
	var forbidden *ForbiddenError
	if _, err := read("\x80\x02cos\nsystem\n)R."); !errors.As(err, &forbidden) || forbidden.Function != (Global{"os", "system"}) {
		t.Errorf("error %#v", err)
	}
}

// TestReadsNoFurther reads pickles that follow each other.
func TestReadsNoFurther(t *testing.T) {
	data := "\x80\x02K\x01.\x80\x02K\x02.rest"
	r := bufio.NewReader(strings.NewReader(data))
	for want := range int64(2) {
		if v, err := Read(r, int64(len(data)), Hooks{}); err != nil || v != want+1 {
			t.Errorf("%v, %v", v, err)
		}
	}
	if rest, _ := r.ReadString(0); rest != "rest" {
		t.Errorf("%q is left", rest)
	}
}

func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob("../../testdata/files/*.pkl")
	if err != nil || len(paths) == 0 {
		f.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("\x80\x02cos\nsystem\n)R."))
	f.Add([]byte("\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00](K\x01K\x02e\x94h\x00\x86}(NNu\x87."))
	call := func(Global, Tuple) (any, bool, error) { return &List{}, true, nil }
	id := func(id any) (any, error) { return id, nil }
	f.Fuzz(func(t *testing.T, data []byte) {
		Read(bufio.NewReader(bytes.NewReader(data)), int64(len(data)), Hooks{})
		Read(bufio.NewReader(bytes.NewReader(data)), int64(len(data)), Hooks{Call: call, Persistent: id})
	})
}
