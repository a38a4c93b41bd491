package dsl

// What makes each node a node.

func (n *Import) At() Span     { return n.Span }
func (n *Model) At() Span      { return n.Span }
func (n *Block) At() Span      { return n.Span }
func (n *Policy) At() Span     { return n.Span }
func (n *Input) At() Span      { return n.Span }
func (n *Stage) At() Span      { return n.Span }
func (n *Output) At() Span     { return n.Span }
func (n *Preprocess) At() Span { return n.Span }
func (n *Labels) At() Span     { return n.Span }
func (n *Published) At() Span  { return n.Span }
func (n *Weights) At() Span    { return n.Span }
func (n *ChainStmt) At() Span  { return n.Span }
func (n *Op) At() Span         { return n.Span }
func (n *Group) At() Span      { return n.Span }
func (n *From) At() Span       { return n.Span }
func (n *Mark) At() Span       { return n.Span }
func (n *Combine) At() Span    { return n.Span }
func (n *Number) At() Span     { return n.Span }
func (n *Decimal) At() Span    { return n.Span }
func (n *NameExpr) At() Span   { return n.Span }
func (n *Binary) At() Span     { return n.Span }
func (n *Call) At() Span       { return n.Span }
func (n *Paren) At() Span      { return n.Span }
func (n *KernelExpr) At() Span { return n.Span }
func (n *PadExpr) At() Span    { return n.Span }
func (n *ListExpr) At() Span   { return n.Span }
func (n *StringExpr) At() Span { return n.Span }
func (n *Name) At() Span       { return n.Span }
func (n *Text) At() Span       { return n.Span }
func (n *Arm) At() Span        { return n.Span }
func (n *Param) At() Span      { return n.Span }
func (n *Dim) At() Span        { return n.Span }
func (n *Chain) At() Span      { return n.Span }
func (n *Step) At() Span       { return n.Span }
func (n *Shortcut) At() Span   { return n.Span }
func (n *CallArg) At() Span    { return n.Span }
func (n *Arg) At() Span        { return n.Span }
func (n *Comment) At() Span    { return n.Span }

func (*Import) decl() {}
func (*Model) decl()  {}
func (*Block) decl()  {}
func (*Policy) decl() {}

func (*Input) stmt()      {}
func (*Stage) stmt()      {}
func (*Output) stmt()     {}
func (*Preprocess) stmt() {}
func (*Labels) stmt()     {}
func (*Published) stmt()  {}
func (*Weights) stmt()    {}
func (*ChainStmt) stmt()  {}

func (*Op) stepBody()      {}
func (*Group) stepBody()   {}
func (*From) stepBody()    {}
func (*Mark) stepBody()    {}
func (*Combine) stepBody() {}

func (*Number) expr()     {}
func (*Decimal) expr()    {}
func (*NameExpr) expr()   {}
func (*Binary) expr()     {}
func (*Call) expr()       {}
func (*Paren) expr()      {}
func (*KernelExpr) expr() {}
func (*PadExpr) expr()    {}
func (*ListExpr) expr()   {}
func (*StringExpr) expr() {}

// Comments is the node's trivia itself.
func (t *Trivia) Comments() *Trivia { return t }
