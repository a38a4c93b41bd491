package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const archive = `Why.
-- in --
x
-- out/a --
one
two
-- out/b --
-- out/go/old.go --
package old
-- out/theirs --
kept
`

// write returns the outputs of a test that wrote these name, text pairs.
func write(pairs ...string) *outputs {
	o := new(outputs)
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprint(o.section(pairs[i]), pairs[i+1])
	}
	return o
}

func TestCompare(t *testing.T) {
	owner := write("go/new.go", "package new\n")
	owner.owned = []string{"go/"}
	tests := []struct {
		name string
		out  *outputs
		want [][]string // what each problem mentions
	}{
		{"nothing written", write(), nil},
		{"equal", write("a", "one\ntwo\n", "b", ""), nil},
		{"newline added", write("a", "one\ntwo"), nil},
		{"different", write("a", "one\n2\n"), [][]string{{"out/a", "-two", "+2", "-update"}}},
		{"not empty", write("b", "x"), [][]string{{"out/b", "+x"}}},
		{"empty", write("a", ""), [][]string{{"-one"}}},
		{"missing", write("c", "new"), [][]string{{"no section -- out/c --", "new", "-update"}}},
		{"missing and empty", write("c", ""), [][]string{{"no section -- out/c --"}}},
		{"two", write("a", "", "b", "x"), [][]string{{"out/a"}, {"out/b"}}},
		{"stale", owner, [][]string{{"no section -- out/go/new.go --"}, {"out/go/old.go", "was not written"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			problems := test.out.compare(txtar.Parse([]byte(archive)))
			if len(problems) != len(test.want) {
				t.Fatalf("%d problems, want %d: %q", len(problems), len(test.want), problems)
			}
			for i, problem := range problems {
				for _, part := range test.want[i] {
					if !strings.Contains(problem, part) {
						t.Errorf("problem does not mention %q:\n%s", part, problem)
					}
				}
			}
		})
	}
}

func TestRewrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(path, []byte(archive), 0o644); err != nil {
		t.Fatal(err)
	}
	out := write("a", "three", "c", "new\n", "go/new.go", "package new\n")
	out.owned = []string{"go/"}
	if err := out.rewrite(path); err != nil {
		t.Fatal(err)
	}
	const want = `Why.
-- in --
x
-- out/a --
three
-- out/b --
-- out/theirs --
kept
-- out/c --
new
-- out/go/new.go --
package new
`
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if problems := out.compare(txtar.Parse(got)); problems != nil {
		t.Errorf("after a rewrite: %q", problems)
	}
}

func TestRewriteRefusesMarkers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(path, []byte(archive), 0o644); err != nil {
		t.Fatal(err)
	}
	err := write("a", "-- in --\n").rewrite(path)
	if err == nil || !strings.Contains(err.Error(), "-- in --") {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != archive {
		t.Error("the archive was changed")
	}
}
