package dsl

import "github.com/alecthomas/participle/v2/lexer"

// The concrete grammar, a statement at a time, as participle reads it. Each
// node keeps its tokens, from which its span follows; convert.go makes the
// syntax tree of it.

type gImport struct {
	Path string `parser:"'import' @String"`
}

type gModel struct {
	Kind   gName     `parser:"@@"`
	Name   gName     `parser:"@@"`
	Params []*gParam `parser:"( '(' ( @@ ( ',' @@ )* ','? )? ')' )?"`
}

type gParam struct {
	Tokens  []lexer.Token
	Name    gName  `parser:"@@"`
	Default *gExpr `parser:"( '=' @@ )?"`
}

type gName struct {
	Tokens []lexer.Token
	Text   string `parser:"@( Ident | Path )"`
}

// gLabel is a name of weights, which may be a number.
type gLabel struct {
	Tokens []lexer.Token
	Text   string `parser:"@( Ident | Path | Int | Decimal )"`
}

type gInput struct {
	Name   gName   `parser:"'input' @@"`
	Dims   []*gDim `parser:"'[' @@ ( ',' @@ )* ']'"`
	Square *gName  `parser:"@@?"`
}

type gDim struct {
	Tokens []lexer.Token
	Low    *gExpr `parser:"@@"`
	High   *gExpr `parser:"( Range @@"`
	Step   *gExpr `parser:"  ( 'by' @@ )? )?"`
}

type gStage struct {
	Label gLabel  `parser:"'stage' @@ '='"`
	Count *gExpr  `parser:"@@ 'x'"`
	Block gName   `parser:"@@"`
	Call  *gCall  `parser:"@@?"`
	Args  []*gArg `parser:"( ',' @@ )*"`
}

type gCall struct {
	Tokens []lexer.Token
	Args   []*gCallArg `parser:"'(' ( @@ ( ',' @@ )* ','? )? ')'"`
}

type gCallArg struct {
	Tokens []lexer.Token
	Name   *gName `parser:"( @@ '=' )?"`
	Value  *gExpr `parser:"@@"`
}

type gOutput struct {
	Name  gName  `parser:"'output' @@"`
	Value *gName `parser:"( '=' @@ )?"`
}

type gPreprocess struct {
	Steps []*gOp `parser:"'preprocess' @@ ( Arrow @@ )*"`
}

type gLabels struct {
	Names []*gText `parser:"'labels' '[' ( @@ ( ',' @@ )* ','? )? ']'"`
}

type gText struct {
	Tokens []lexer.Token
	Value  string `parser:"@String"`
}

type gPublished struct {
	When *gCall  `parser:"'published' @@?"`
	Args []*gArg `parser:"@@ ( ',' @@ )*"`
}

type gWeights struct {
	When *gCall `parser:"'weights' @@?"`
	Path gText  `parser:"@@"`
}

type gArm struct {
	Case  gName   `parser:"@@ ':'"`
	Chain *gChain `parser:"@@"`
}

type gChain struct {
	Tokens []lexer.Token
	First  *gStep   `parser:"@@"`
	Rest   []*gNext `parser:"@@*"`
}

type gNext struct {
	Tokens []lexer.Token
	Step   *gStep `parser:"Arrow @@"`
}

type gStep struct {
	Tokens  []lexer.Token
	Label   *gLabel   `parser:"( @@ ':' )?"`
	From    *gName    `parser:"( 'from' @@"`
	Mark    *gName    `parser:"| 'as' @@"`
	Combine *gCombine `parser:"| @@"`
	Group   *gChain   `parser:"| '(' @@ ')'"`
	Op      *gOp      `parser:"| @@ )"`
	As      *gName    `parser:"( 'as' @@ )?"`
}

type gCombine struct {
	Tokens   []lexer.Token
	Operator string    `parser:"@( '+' | '*' | '&' )"`
	Policy   *gUse     `parser:"( @@"`
	Operand  *gOperand `parser:"| @@ )"`
}

// gUse is the shortcut of a residual block.
type gUse struct {
	Tokens []lexer.Token
	Word   string `parser:"@'shortcut'"`
	Policy *gName `parser:"( '(' @@ ')' )?"`
}

// gOperand is a step that an operator can stand before.
type gOperand struct {
	Tokens []lexer.Token
	Label  *gLabel `parser:"( @@ ':' )?"`
	From   *gName  `parser:"( 'from' @@"`
	Group  *gChain `parser:"| '(' @@ ')'"`
	Op     *gOp    `parser:"| @@ )"`
}

type gOp struct {
	Tokens []lexer.Token
	Name   gName   `parser:"@@"`
	Call   *gCall  `parser:"( @@"`
	Behind []*gArg `parser:"  ( ',' @@ )*"`
	First  *gArg   `parser:"| @@"`
	Args   []*gArg `parser:"  ( ',' @@ )* )?"`
}

type gArg struct {
	Tokens []lexer.Token
	Stride *gExpr `parser:"  '/' @@"`
	No     *gWord `parser:"| 'no' @@"`
	Value  *gExpr `parser:"| (?= 'div' '(' ) @@"`
	Option *gWord `parser:"| (?! 'as' ) @@"`
	Of     *gPad  `parser:"  @@"`
	Plain  *gPad  `parser:"| @@"`
}

type gWord struct {
	Tokens []lexer.Token
	Text   string `parser:"@( Ident | Word )"`
}

// gPad is a value, or padding by side.
type gPad struct {
	Tokens []lexer.Token
	Sides  []*gExpr `parser:"  '(' @@ ',' @@ ',' @@ ',' @@ ')'"`
	Value  *gExpr   `parser:"| @@"`
	After  *gExpr   `parser:"  ( ':' @@ )?"`
}

type gExpr struct {
	Tokens []lexer.Token
	Left   *gTerm  `parser:"@@"`
	Rest   []*gSum `parser:"@@*"`
}

type gSum struct {
	Operator string `parser:"@( '+' | '-' )"`
	Term     *gTerm `parser:"@@"`
}

type gTerm struct {
	Tokens []lexer.Token
	Left   *gFactor   `parser:"@@"`
	Rest   []*gFactor `parser:"( '*' @@ )*"`
}

type gFactor struct {
	Tokens  []lexer.Token
	Kernel  string `parser:"  @Kernel"`
	Decimal string `parser:"| @Decimal"`
	Int     string `parser:"| @Int"`
	Text    string `parser:"| @String"`
	List    *gList `parser:"| @@"`
	Call    *gDiv  `parser:"| @@"`
	Word    string `parser:"| (?! 'as' | 'by' | 'x' ) @( Ident | Word )"`
	Paren   *gExpr `parser:"| '(' @@"`
	Width   *gExpr `parser:"  ( 'x' @@ )? ')'"`
}

type gDiv struct {
	Tokens []lexer.Token
	Name   gName    `parser:"@@"`
	Args   []*gExpr `parser:"'(' @@ ( ',' @@ )* ')'"`
}

type gList struct {
	Tokens []lexer.Token
	Items  []*gItem `parser:"'[' ( @@ ( ',' @@ )* ','? )? ']'"`
}

type gItem struct {
	Tokens []lexer.Token
	Minus  bool   `parser:"@'-'?"`
	Value  *gExpr `parser:"@@"`
}
