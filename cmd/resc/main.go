// Command resc compiles residual networks: it checks .res files, reports what
// networks cost, runs them on images, and prints them as Go packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/resc-lang/resc/dsl"
	"github.com/resc-lang/resc/internal/escape"
	mapped "github.com/resc-lang/resc/internal/source"
)

// The exit statuses that scripts lean on.
const (
	exitInput    = 1 // the input is at fault
	exitUsage    = 2
	exitInternal = 3 // a fault of resc's own
)

// cli is the verbs.
type cli struct {
	Run        runCmd        `cmd:"" help:"Classify images, or compute the outputs of an .npy file."`
	Eval       evalCmd       `cmd:"" help:"Count what a network gets right on images with labels."`
	Build      buildCmd      `cmd:"" help:"Print the network as a Go package."`
	Pack       packCmd       `cmd:"" help:"Pack weights for this processor, into a file that needs no loading."`
	Check      checkCmd      `cmd:"" help:"Parse files and prove their shapes."`
	Fmt        fmtCmd        `cmd:"" help:"Format files canonically."`
	Report     reportCmd     `cmd:"" help:"Show layers, shapes, parameters, costs and memory."`
	Verify     verifyCmd     `cmd:"" help:"Find the first layer that differs from a reference."`
	Weights    weightsCmd    `cmd:"" help:"Show how a checkpoint maps onto a model, or why it does not."`
	Convert    convertCmd    `cmd:"" help:"Convert a checkpoint to safetensors."`
	Bench      benchCmd      `cmd:"" help:"Measure latency."`
	Export     exportCmd     `cmd:"" help:"Write the network and its weights as ONNX."`
	Import     importCmd     `cmd:"" help:"Say an ONNX model in the language, with its weights."`
	Show       showCmd       `cmd:"" help:"Print a model's source, with the files that its layers come from."`
	List       listCmd       `cmd:"" help:"List the standard library."`
	Explain    explainCmd    `cmd:"" help:"Explain the code of a diagnostic."`
	Completion completionCmd `cmd:"" help:"Print a completion script for a shell."`
	Version    versionCmd    `cmd:"" help:"Print the version, and the kernels for this processor."`
	Help       helpCmd       `cmd:"" help:"Print help on a verb."`
}

// app is what verbs need of the world.
type app struct {
	ctx            context.Context
	stdout         *output
	stderr         io.Writer // escapes what a terminal would act on
	screen         io.Writer // stderr itself, for colours and progress
	color          bool
	terminal       bool // stderr is one
	stdoutTerminal bool
	parser         *kong.Kong
	noted          map[string]bool // what note has said
}

// newApp returns an app that prints to two writers.
func newApp(stdout, stderr io.Writer) *app {
	return &app{ctx: context.Background(), stdout: newOutput(stdout), stderr: escape.NewWriter(stderr), screen: stderr}
}

// usageError is wrong usage: the arguments say what cannot be done.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported is an error whose text the user has seen already.
var errReported = errors.New("reported")

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run runs a command line until a signal interrupts it, and returns its exit status.
func run(args []string, stdout, stderr io.Writer) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends what does not look at ctx
	return runContext(ctx, args, stdout, stderr)
}

// runContext is run until ctx ends.
func runContext(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	a := newApp(stdout, stderr)
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(a.stderr, "resc: a fault of resc's own: %v\nPlease report it with the command line and the .res file.\n\n%s", r, debug.Stack())
			status = exitInternal
		}
	}()
	a.ctx = ctx
	if f, ok := stderr.(*os.File); ok {
		a.terminal = isTerminal(f)
		a.color = a.terminal && os.Getenv("NO_COLOR") == ""
	}
	if f, ok := stdout.(*os.File); ok {
		a.stdoutTerminal = isTerminal(f)
	}
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("resc"), kong.Writers(a.stdout, a.stderr), kong.Exit(func(code int) { exited = code }),
		kong.Description("resc compiles residual networks. MODEL is a path to a .res file, or std/NAME."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.KindMapper(reflect.String, kong.MapperFunc(verbatim)))
	if err != nil {
		panic(err)
	}
	a.parser = parser
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "--version":
		args[0] = "version"
	}
	k, err := parser.Parse(args)
	if exited >= 0 {
		return a.status(nil) // --help
	}
	if err != nil {
		fmt.Fprintf(a.stderr, "resc: %s\n%s --help shows what there is.\n", message(err), verb(err))
		return exitUsage
	}
	return a.status(guarded(func() error { return k.Run(a) }))
}

// guarded runs a verb. A file of weights that is truncated while the verb reads it is an
// error.
func guarded(verb func() error) (err error) {
	defer mapped.Catch(mapped.Watch(), &err)
	return verb()
}

// verbatim takes an argument as it is. Kong's own mapper replaces bytes that are not UTF-8,
// which names of files may have.
func verbatim(ctx *kong.DecodeContext, target reflect.Value) error {
	token, err := ctx.Scan.PopValue("string")
	if err != nil {
		return err
	}
	target.SetString(token.String())
	return nil
}

// verb is the command that a mistaken command line is of, as far as it was read.
func verb(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if selected := parse.Context.Selected(); selected != nil {
			return "resc " + selected.Name
		}
	}
	return "resc"
}

// status prints a verb's error, or else that its output could not be written, and
// returns the exit status.
func (a *app) status(err error) int {
	if failed := a.stdout.flush(); err == nil {
		err = failed
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errReported):
		return exitInput
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.stderr, "resc: interrupted")
		return exitInput
	case errors.As(err, &usage):
		fmt.Fprintf(a.stderr, "resc: %s\n", message(err))
		return exitUsage
	}
	fmt.Fprintf(a.stderr, "resc: %s\n", message(err))
	return exitInput
}

// note prints a line that is no error, once.
func (a *app) note(text string) {
	if a.noted == nil {
		a.noted = make(map[string]bool)
	}
	if !a.noted[text] {
		a.noted[text] = true
		fmt.Fprintln(a.stderr, escape.Line(text))
	}
}

// report prints diagnostics, which the renderer escapes.
func (a *app) report(ds dsl.Diagnostics) error {
	return dsl.Render(a.screen, ds, dsl.RenderOptions{Color: a.color})
}

// isTerminal says whether a file is a terminal.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
