// Command bench measures resc beside ONNX Runtime, and gomlx where it finishes, and
// prints tables in Markdown.
//
//	go run ./bench            # all networks, some twenty minutes
//	go run ./bench -quick     # three networks, two minutes
//	go run ./bench -networks resnet50,resnet18 -threads 1
//	go run ./bench -record    # keep the results in docs and the README
//	go run ./bench -render    # print docs/performance.json's tables again
//
// It needs Go, Node.js and npm. What it makes and installs, ONNX Runtime of npm
// among it, goes to a folder of the user's cache, with the results as results.json.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/resc-lang/resc/internal/atomicfile"
)

// options are the command's.
type options struct {
	folder    string
	networks  []network
	threads   []int
	batches   []int
	rounds    int
	seconds   float64 // of timed runs, a process
	quick     bool
	gomlx     bool
	record    bool
	render    bool
	page      string // of all tables
	front     string // of the ratios alone
	jsonFiles []string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			os.Exit(2)
		}
		log.Fatal(err)
	}
}

// run does what the arguments say. The tables go to stdout.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	o, err := parse(args, root)
	if err != nil {
		return err
	}
	recorded := strings.TrimSuffix(o.page, ".md") + ".json"
	if o.render {
		r, err := readResults(recorded)
		if err != nil {
			return err
		}
		return publish(r, o, stdout)
	}
	t, err := setup(ctx, o.folder, root)
	if err != nil {
		return err
	}
	o.jsonFiles = append(o.jsonFiles, filepath.Join(o.folder, "results.json"))
	if o.record {
		o.jsonFiles = append(o.jsonFiles, recorded)
	}
	r, err := t.measure(ctx, o)
	if err != nil {
		return err
	}
	return publish(r, o, stdout)
}

// parse reads the arguments.
func parse(args []string, root string) (*options, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	o := &options{page: filepath.Join(root, "docs", "performance.md"), front: filepath.Join(root, "README.md")}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.folder, "dir", filepath.Join(cache, "resc-bench"), "`folder` for what is installed, built and exported")
	f.BoolVar(&o.quick, "quick", false, "a few networks, one thread, fewer rounds")
	names := f.String("networks", "", "comma-separated `names`; all by default")
	threads := f.String("threads", "", "comma-separated `numbers` of threads; 1,2 by default")
	batches := f.String("batches", "", "comma-separated batch `sizes` for throughput; 8,32 by default, 0 for none")
	f.IntVar(&o.rounds, "rounds", 0, "`number` of processes of each program; 8 by default")
	f.Float64Var(&o.seconds, "seconds", 1.5, "`time` of timed runs in a process")
	f.BoolVar(&o.gomlx, "gomlx", true, "measure gomlx too")
	f.BoolVar(&o.record, "record", false, "write the results to docs/performance.json, docs/performance.md and README.md")
	machine := f.String("as", "", "keep or read the record of another `machine`: docs/performance-MACHINE.json and .md")
	f.BoolVar(&o.render, "render", false, "measure nothing: print docs/performance.json, or with -record write the pages anew")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("what is %s? Networks are named with -networks", f.Arg(0))
	}
	if *machine != "" {
		o.page, o.front = filepath.Join(root, "docs", "performance-"+*machine+".md"), ""
	}
	choose := func(given, quick, full string) string {
		switch {
		case given != "":
			return given
		case o.quick:
			return quick
		}
		return full
	}
	if o.networks, err = find(choose(*names, "resnet18,resnet50,cifar_resnet20", "")); err != nil {
		return nil, err
	}
	if o.threads, err = numbers("-threads", choose(*threads, "1", "1,2"), 1); err != nil {
		return nil, err
	}
	if o.batches, err = numbers("-batches", choose(*batches, "0", "8,32"), 0); err != nil {
		return nil, err
	}
	if o.rounds == 0 {
		o.rounds = 8
		if o.quick {
			o.rounds = 3
		}
	}
	if o.rounds < 1 || !(o.seconds > 0) {
		return nil, errors.New("-rounds and -seconds are at least one, and more than none")
	}
	o.gomlx = o.gomlx && !o.quick
	return o, nil
}

// numbers reads a list of whole numbers.
func numbers(name, list string, least int) ([]int, error) {
	var all []int
	for _, s := range strings.Split(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < least {
			return nil, fmt.Errorf("%s %s: numbers from %d on, with commas between", name, list, least)
		}
		if n > 0 {
			all = append(all, n)
		}
	}
	return all, nil
}

// publish writes the results where the options say.
func publish(r *results, o *options, stdout io.Writer) error {
	for _, name := range o.jsonFiles {
		if err := writeResults(name, r); err != nil {
			return err
		}
	}
	tables := r.markdown()
	if o.record {
		if err := rewriteSection(o.page, tables); err != nil {
			return err
		}
		if o.front != "" {
			if err := rewriteSection(o.front, r.summary()); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(stdout, tables)
	return err
}

// rewriteSection puts tables into a page.
func rewriteSection(page, tables string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	section, err := replaceSection(string(text), tables)
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	return atomicfile.Write(page, func(w io.Writer) error {
		_, err := io.WriteString(w, section)
		return err
	})
}

func readResults(name string) (*results, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r := new(results)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func writeResults(name string, r *results) error {
	return atomicfile.Write(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(r)
	})
}

// findRoot is the folder of the module, from wherever in it the command runs.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(data), "module github.com/resc-lang/resc\n") {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("run it in resc's repository")
		}
		dir = up
	}
}
