// Package source looks at the text of calls: at the comments that excuse them, and at
// the literals that a fix changes.
package source

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Sources are files with their comments.
type Sources struct {
	fset  *token.FileSet
	files map[string]*ast.File
	// excused are the lines of each file that a comment excuses.
	excused map[string]map[int]bool
}

// New returns the sources of files.
func New(fset *token.FileSet, files ...*ast.File) *Sources {
	s := &Sources{fset: fset, files: map[string]*ast.File{}, excused: map[string]map[int]bool{}}
	for _, file := range files {
		s.files[fset.PositionFor(file.FileStart, false).Filename] = file
	}
	return s
}

// excuse is a comment that excuses a line: //nolint, or one with a list of linters among
// which is this, or staticcheck's form.
var excuse = regexp.MustCompile(`^//\s*nolint(?::([^\s/]+))?(?:\s|//|$)|^//lint:ignore\s+(\S+)\s+\S`)

// Names are what a comment may call this linter.
var Names = []string{"causality-plan", "causalityplan", "all"}

// IsExcused reports whether a comment excuses the call at a place: on one of its lines,
// or alone on the line before.
func (s *Sources) IsExcused(at term.Place) bool {
	lines, ok := s.excused[at.Parsed]
	if !ok {
		lines = s.excuses(at.Parsed)
		s.excused[at.Parsed] = lines
	}
	for line := at.Line - 1; line <= at.EndLine; line++ {
		if lines[line] && (line >= at.Line || lines[-line]) {
			return true
		}
	}
	return false
}

// excuses are the lines with an excuse; that of a comment which is alone on its line is
// there negative too.
func (s *Sources) excuses(name string) map[int]bool {
	lines := map[int]bool{}
	file := s.files[name]
	if file == nil {
		return lines
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			m := excuse.FindStringSubmatch(c.Text)
			if m == nil {
				continue
			}
			list := m[1] + m[2]
			if list != "" && !slices.ContainsFunc(strings.Split(list, ","), func(name string) bool { return slices.Contains(Names, name) }) {
				continue
			}
			at := s.fset.Position(c.Pos())
			lines[at.Line] = true
			if s.isAlone(file, c) {
				lines[-at.Line] = true
			}
		}
	}
	return lines
}

// isAlone reports whether there is no code before a comment on its line.
func (s *Sources) isAlone(file *ast.File, c *ast.Comment) bool {
	line := s.fset.Position(c.Pos()).Line
	alone := true
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil || !alone {
			return false
		}
		switch n.(type) {
		case *ast.Comment, *ast.CommentGroup:
			return false
		case *ast.BasicLit, *ast.Ident:
			if s.fset.Position(n.Pos()).Line == line && n.Pos() < c.Pos() {
				alone = false
			}
		}
		return true
	})
	return alone
}

// Edit is a change of a file.
type Edit struct {
	File       string
	Start, End int // byte offsets
	Pos, Stop  token.Pos
	Text       string
}

// Fix returns the edit that writes another text in place of the one string literal of a
// call that is old.
func (s *Sources) Fix(at term.Place, old, text string) (Edit, bool) {
	file := s.files[at.Parsed]
	if file == nil || old == "" || text == "" || at.File != at.Parsed {
		return Edit{}, false
	}
	var found []*ast.BasicLit
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		from, to := s.fset.Position(lit.Pos()), s.fset.Position(lit.End())
		if before(from.Line, from.Column, at.Line, at.Column) || before(at.EndLine, at.EndColumn, to.Line, to.Column) {
			return true
		}
		if value, err := strconv.Unquote(lit.Value); err == nil && value == old {
			found = append(found, lit)
		}
		return true
	})
	if len(found) != 1 {
		return Edit{}, false
	}
	lit := found[0]
	from := s.fset.Position(lit.Pos())
	return Edit{
		File: at.File, Start: from.Offset, End: from.Offset + len(lit.Value),
		Pos: lit.Pos(), Stop: lit.End(), Text: strconv.Quote(text),
	}, true
}

func before(line, column, otherLine, otherColumn int) bool {
	return line < otherLine || line == otherLine && column < otherColumn
}

// Apply makes the edits.
func Apply(edits []Edit) error {
	byFile := map[string][]Edit{}
	for _, e := range edits {
		byFile[e.File] = append(byFile[e.File], e)
	}
	for name, edits := range byFile {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		slices.SortFunc(edits, func(a, b Edit) int { return b.Start - a.Start })
		last := len(text) + 1
		for _, e := range edits {
			if e.End > last || e.End > len(text) {
				continue // two fixes of one literal
			}
			text = slices.Concat(text[:e.Start], []byte(e.Text), text[e.End:])
			last = e.Start
		}
		if err := os.WriteFile(name, text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
