package dsl

// Codes of what the parser reports.
const (
	SyntaxError    Code = "syntax"
	BadNumber      Code = "bad-number"
	BadString      Code = "bad-string"
	BadEncoding    Code = "bad-encoding"
	SourceTooLarge Code = "source-too-large"
	TooDeep        Code = "too-deep"
	UnclosedBrace  Code = "unclosed-brace"
)

var syntaxCodes = []CodeInfo{
	{SyntaxError, "The text is not a statement of the language.",
		"A statement stands on a line of its own; a line that begins with -> goes on with the last. docs/language.md lists every form.",
		"model m {\n    input image [3, 8, 8]\n    conv1: conv 3x3, , 4\n}\n"},
	{BadNumber, "A number is too large to be exact.",
		"Whole numbers are 64-bit and exact. Sizes beyond a million make no network.",
		"model m {\n    input image [3, 99999999999999999999, 8]\n    relu\n}\n"},
	{BadString, "A string has an escape that means nothing.",
		"Strings stand in double quotes. Inside, \\\" is a quote and \\\\ a backslash; there are no other escapes.",
		"model m {\n    input image [3, 8, 8]\n    relu\n    labels [\"a\\q\", \"b\", \"c\"]\n}\n"},
	{BadEncoding, "The file is not plain UTF-8 text.",
		"Save the file as UTF-8, without control characters and without invisible ones, some of which reverse the order in which a line is shown. The message names the first place that is at fault.",
		"model m {\n    input image [3, 8, 8]\n    relu // \xff\n}\n"},
	{SourceTooLarge, "The file is larger than any network's text.",
		"At most a megabyte is read; split declarations over several files with import.", ""},
	{TooDeep, "Parentheses are nested too deeply.",
		"At most 64 parentheses and brackets may be open at once.",
		"model m {\n    input image [3, 8, 8]\n    relu\n    conv1: conv 1x1, " + nested(70) + "\n}\n"},
	{UnclosedBrace, "A declaration is not closed.",
		"Each { of a model, block or shortcut needs a } of its own.",
		"model m {\n    input image [3, 8, 8]\n    relu\n"},
}

// nested is 1 in n parentheses.
func nested(n int) string {
	s := "1"
	for range n {
		s = "(" + s + ")"
	}
	return s
}
