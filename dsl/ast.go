package dsl

import "strings"

// File is a parsed .res file.
type File struct {
	Source   *Source
	Decls    []Decl
	Trailing []Comment // comments after the last declaration
}

// Comment is one // comment, with its slashes, without its line end.
type Comment struct {
	Span Span
	Text string
	// Blank says that an empty line stands before the comment.
	Blank bool
}

// Trivia is what the formatter and the documentation need of the lines around
// a node and the compiler does not.
type Trivia struct {
	Blank   bool      // an empty line stands before the node (before its comments)
	Leading []Comment // comments on the lines above
	Line    *Comment  // comment at the end of the node's last line
	Inner   []Comment // comments before the closing brace, for nodes that have one
	End     *Comment  // comment behind the closing brace
}

// Doc is the node's documentation: the leading comments directly above it,
// without slashes.
func (t *Trivia) Doc() string {
	first := 0
	for i, c := range t.Leading {
		if c.Blank {
			first = i
		}
	}
	var lines []string
	for _, c := range t.Leading[first:] {
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(c.Text, "//"), " "))
	}
	return strings.Join(lines, "\n")
}

// Node is implemented by every node of the syntax tree.
type Node interface{ At() Span }

// Name is an identifier or dotted path, where it stands.
type Name struct {
	Span Span
	Text string
}

// Decl is a declaration at the top of a file: *Import, *Model, *Block or *Policy.
type Decl interface {
	Node
	decl()
	Comments() *Trivia
}

// Import brings another file's declarations.
//
//	import "blocks.res"
type Import struct {
	Trivia
	Span Span
	Path Text
}

// Text is a string literal; Value is what it means.
type Text struct {
	Span  Span
	Value string
}

// Model is a whole network.
//
//	model NAME(params) { statements }
type Model struct {
	Trivia
	Span   Span
	Name   Name
	Params []*Param
	Body   []Stmt
}

// Block is a reusable part of a network.
//
//	block NAME(params) { statements }
type Block struct {
	Trivia
	Span   Span
	Name   Name
	Params []*Param
	Body   []Stmt
}

// Policy says how a shortcut joins a block's input to its main path.
//
//	shortcut NAME { arms }
type Policy struct {
	Trivia
	Span Span
	Name Name
	Arms []*Arm
	// OneLine says that the policy is written on one line.
	OneLine bool
}

// Arm is one case of a policy: same, channels, else or all.
//
//	else: subsample /stride -> pad out
type Arm struct {
	Trivia
	Span  Span
	Case  Name
	Chain *Chain // identity and zero are steps of that name
}

// Param is a parameter of a model or block. Default is nil when it has none.
type Param struct {
	Span    Span
	Name    Name
	Default Expr
}

// Stmt is a statement of a model or block.
type Stmt interface {
	Node
	stmt()
	Comments() *Trivia
}

// Input declares the model's input: channels, height, width.
//
//	input image [3, 160..320 by 32, 160..320 by 32] square
type Input struct {
	Trivia
	Span   Span
	Name   Name
	Dims   []*Dim
	Square *Name // the word "square", or nil
}

// Dim is one size of the input, or a range of sizes: Low..High by Step.
// High and Step are nil where they are not written.
type Dim struct {
	Span            Span
	Low, High, Step Expr
}

// Stage repeats a block.
//
//	stage LABEL = COUNT x BLOCK(args), /stride, shortcut POLICY
type Stage struct {
	Trivia
	Span    Span
	Label   Name
	Count   Expr
	Block   Name
	Args    []*CallArg // of the block
	Options []*Arg     // stride and shortcut
}

// Output names a value as one of the model's outputs.
//
//	output c3 = layer2
type Output struct {
	Trivia
	Span  Span
	Name  Name
	Value *Name // nil: Name itself is the value
}

// Preprocess says how an image becomes the input.
//
//	preprocess resize 256 -> crop 224 -> normalize [..], [..]
type Preprocess struct {
	Trivia
	Span  Span
	Steps []*Op
}

// Labels names the classes, in order.
//
//	labels ["cat", "dog"]
type Labels struct {
	Trivia
	Span  Span
	Names []Text
}

// Published is a result that the network's authors, or others, have printed;
// reports show it when the parameters agree.
//
//	published(depth = 20) top1-error 8.75, source "He et al. 2015, table 6"
type Published struct {
	Trivia
	Span Span
	When []*CallArg
	Args []*Arg
}

// Weights names a file of trained weights that comes with the model, beside
// the .res file, for the parameters given.
//
//	weights(depth = 20, shortcut = A) "cifar_resnet20.safetensors"
type Weights struct {
	Trivia
	Span Span
	When []*CallArg
	Path Text
}

// ChainStmt is a chain as a statement: it changes the running value.
type ChainStmt struct {
	Trivia
	Span  Span
	Chain *Chain
}

// Chain is steps joined by "->".
type Chain struct {
	Span  Span
	Steps []*Step
	Broke []bool // Broke[i]: step i stands on a line of its own; nil when none does
}

// Step is one element of a chain.
//
//	conv1: conv 3x3, 64 as act
type Step struct {
	Span  Span
	Label *Name // weight name, may be a dotted path; nil when not written
	Body  StepBody
	As    *Name // names the running value after the step; nil when not written
}

// StepBody is *Op, *Group, *From, *Mark or *Combine.
type StepBody interface {
	Node
	stepBody()
}

// Op applies an operator, a block or an activation parameter by its name.
// A call with parentheses directly behind the name has Called set.
//
//	conv 3x3, width, /stride, pad 0, no bias
//	first(16, stride = 2), /2, shortcut A
type Op struct {
	Span   Span
	Name   Name
	Called bool
	Call   []*CallArg
	Args   []*Arg
}

// Group is a chain, or several statements, in parentheses; it starts from the
// running value.
type Group struct {
	Span  Span
	Chain *Chain
}

// From starts a chain at a named value.
//
//	from act -> ...
type From struct {
	Span  Span
	Value Name
}

// Mark names the running value, as a step of its own.
//
//	as act
type Mark struct {
	Span Span
	Name Name
}

// Combine joins the running value with another: "+", "*" or "&".
// Exactly one of Shortcut, Value and Branch says with what.
//
//   - shortcut(C)
//   - (avgpool -> conv 1x1, 4 -> sigmoid)
//     & c3
type Combine struct {
	Span     Span
	Operator string
	Shortcut *Shortcut
	Value    *Name  // a named value, or "input"
	Branch   *Chain // a chain, starting from the running value unless it says from
}

// Shortcut is the word "shortcut" behind "+", with the policy if it names one.
type Shortcut struct {
	Span   Span
	Policy *Name
}

// CallArg is an argument of a block, or a condition of published and weights.
// Name is nil for a positional argument.
type CallArg struct {
	Span  Span
	Name  *Name
	Value Expr
}

// Arg is an argument of an operator, of a stage or of a preprocessing step:
//
//	3x3        Value alone (a KernelExpr)
//	4*width    Value alone
//	/2         Stride set, Value the stride
//	pad 0:1    Name "pad", Value a PadExpr
//	bias       Value alone, a NameExpr: the operator decides whether it is a flag
//	no bias    No set, Name "bias"
type Arg struct {
	Span   Span
	Name   *Name
	No     bool
	Stride bool
	Value  Expr // nil with No, and for a word that takes no value
}

// Expr is a value: *Number, *Decimal, *NameExpr, *Binary, *Call, *Paren,
// *KernelExpr, *PadExpr, *ListExpr or *StringExpr.
type Expr interface {
	Node
	expr()
}

// Number is an exact integer literal.
type Number struct {
	Span  Span
	Value int64
}

// Decimal is a literal with a point or an exponent; never an operand.
type Decimal struct {
	Span  Span
	Text  string
	Value float64
}

// NameExpr is a parameter, or a word: a policy, a block, an activation, true, false.
type NameExpr struct {
	Span Span
	Name string
}

// Binary is exact integer arithmetic: "+", "-" or "*".
type Binary struct {
	Span     Span
	Operator string
	X, Y     Expr
}

// Call is div(a, b), which must divide.
type Call struct {
	Span Span
	Func Name
	Args []Expr
}

// Paren is an expression in parentheses.
type Paren struct {
	Span Span
	X    Expr
}

// KernelExpr is the sides of a window: 3x3, or (k x k).
type KernelExpr struct {
	Span          Span
	Height, Width Expr
	Paren         bool // written in parentheses
}

// PadExpr is padding by side: before:after, or (top, bottom, left, right).
type PadExpr struct {
	Span  Span
	Sides []Expr // two or four
}

// ListExpr is decimals or integers in brackets.
type ListExpr struct {
	Span  Span
	Items []Expr
}

// StringExpr is a string literal as a value.
type StringExpr struct {
	Span  Span
	Value string
}
