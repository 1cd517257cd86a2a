package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository's, from the directory of this test.
const root = ".."

// pages are what is read by people, from the root.
func pages(t *testing.T) []string {
	t.Helper()
	guides, err := filepath.Glob("*.md")
	if err != nil || len(guides) == 0 {
		t.Fatal("no pages", err)
	}
	pages := []string{"README.md", "CONTRIBUTING.md"}
	for _, guide := range guides {
		pages = append(pages, filepath.Join("docs", guide))
	}
	return pages
}

// block is a fenced block of a page and the comment on the line before it, which
// says how it is kept true:
//
//	<!-- from FILE -->         the file is compiled and tested; so is
//	<!-- from FILE#NAME -->    only what is between "// snippet: NAME" and "// end snippet"
//	<!-- run -->               it is run here, in a directory that the whole page shares
//	<!-- run in checkout -->   it is run here, in the root of the repository
//	<!-- output -->            the run before it prints these lines; … matches anything
//	<!-- commands -->          .ci/run runs it
//	<!-- by hand: WHY -->      it is not run, because of WHY
type block struct {
	line   int    // of its fence, counted from 1
	mark   string // the comment, without its brackets
	lang   string
	text   string
	before string // the page up to its text
	after  string // the page from its closing fence
}

var fence = regexp.MustCompile("(?m)^(?:<!-- (.+) -->\n)?```([a-z]*)\n((?s:.*?))^```$")

func blocks(page string) (found []block) {
	for _, at := range fence.FindAllStringSubmatchIndex(page, -1) {
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return page[at[2*n]:at[2*n+1]]
		}
		found = append(found, block{
			line: 1 + strings.Count(page[:at[4]], "\n"), mark: group(1), lang: group(2), text: group(3),
			before: page[:at[6]], after: page[at[7]:],
		})
	}
	return found
}

// snippet returns what a from mark names.
func snippet(name string) (string, error) {
	file, region, isRegion := strings.Cut(name, "#")
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil || !isRegion {
		return string(text), err
	}
	_, rest, ok := strings.Cut(string(text), "// snippet: "+region+"\n")
	if !ok {
		return "", fmt.Errorf("%s has no snippet %s", file, region)
	}
	rest, _, ok = strings.Cut(rest, "// end snippet")
	if !ok {
		return "", fmt.Errorf("the snippet %s of %s has no end", region, file)
	}
	return dedent(rest), nil
}

// dedent removes the tabs that all lines begin with, and blank lines at the ends.
func dedent(text string) string {
	lines := strings.Split(strings.Trim(text, "\n\t "), "\n")
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\n"), "\n")
	indent := first[:len(first)-len(strings.TrimLeft(first, "\t"))]
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, indent)
	}
	return strings.Join(lines, "\n") + "\n"
}
