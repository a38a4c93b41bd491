package check

import (
	"github.com/resc-lang/resc/compiler/internal/op"
	"github.com/resc-lang/resc/dsl"
)

// Codes of the errors that checking reports, beside those of operators.
const (
	UnknownName              = op.UnknownName
	UnknownOperator dsl.Code = "unknown-operator"
	UnknownBlock    dsl.Code = "unknown-block"
	UnknownPolicy   dsl.Code = "unknown-policy"
	UnknownValue    dsl.Code = "unknown-value"
	UnknownParam    dsl.Code = "unknown-parameter"
	MissingParam    dsl.Code = "missing-parameter"
	BadType         dsl.Code = "bad-type"
	Inexact         dsl.Code = "inexact-division"
	Overflow        dsl.Code = "overflow"
	Duplicate       dsl.Code = "duplicate-name"
	DuplicateWeight dsl.Code = "duplicate-weight"
	Unnamed         dsl.Code = "unnamed-weights"
	NoInput         dsl.Code = "no-input"
	NoModel         dsl.Code = "no-model"
	NoPolicy        dsl.Code = "no-policy"
	NoArm           dsl.Code = "no-arm"
	PolicyVaries    dsl.Code = "policy-varies"
	NoStride        dsl.Code = "no-stride"
	Recursive       dsl.Code = "recursive-block"
	TooMany         dsl.Code = "too-many-steps"
	BadInput        dsl.Code = "bad-input"
	BadStatement    dsl.Code = "bad-statement"
	BadLabels       dsl.Code = "bad-labels"
	BadPreprocess   dsl.Code = "bad-preprocess"
	ImportMissing   dsl.Code = "import-missing"
	ImportCycle     dsl.Code = "import-cycle"
	Empty           dsl.Code = "empty-model"
)
