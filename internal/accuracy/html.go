package accuracy

import (
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/resc-lang/resc/internal/escape"
)

// htmlMatrix is the number of classes up to which the page has the whole matrix.
const htmlMatrix = 60

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"percent": percent,
	"line":    escape.Line,
	"ref":     func(v float64) *float64 { return &v },
	"thumbnail": func(m Mistake) template.URL {
		return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(m.Thumbnail))
	},
}).Parse(page))

// HTML writes the report as one page that needs nothing else: style and thumbnails
// are within it, and it has no scripts. Names are escaped.
func (r *Report) HTML(w io.Writer) error {
	type cell struct {
		Images int
		Right  bool
		Shade  float64 // part of the row, which is the opacity of its colour
		Title  string
	}
	type row struct {
		Class Class
		Cells []cell
	}
	var rows []row
	if len(r.Classes) <= htmlMatrix {
		for i, counts := range r.Matrix() {
			c := r.Classes[i]
			line := row{Class: c}
			for j, n := range counts {
				line.Cells = append(line.Cells, cell{n, i == j, ratio(n, c.Support), c.Class + " taken for " + r.Classes[j].Class})
			}
			rows = append(rows, line)
		}
	}
	confusions := r.Confusions()
	return pageTemplate.Execute(w, struct {
		*Report
		Extent     string
		Rows       []row
		Confusions []Cell
	}{r, r.extent(), rows, confusions[:min(3*textConfusions, len(confusions))]})
}
