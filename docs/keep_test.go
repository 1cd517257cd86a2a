package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// parse parses a file of the repository.
func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestThePageOfOptionsNamesEveryOption(t *testing.T) {
	page := read(t, "docs/options.md")
	fields := 0
	ast.Inspect(parse(t, "core/config.go"), func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Config" {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			for _, name := range field.Names {
				if name.IsExported() {
					fields++
					if !regexp.MustCompile(`\n\|[^|]*` + "`" + name.Name + "`").MatchString(page) {
						t.Errorf("docs/options.md has no row for Config.%s", name.Name)
					}
				}
			}
		}
		return false
	})
	if fields < 20 {
		t.Errorf("found %d fields only", fields)
	}
}

// literals are the texts in what in picks of a file.
func literals(t *testing.T, name string, in func(ast.Node) bool) (found []string) {
	t.Helper()
	ast.Inspect(parse(t, name), func(n ast.Node) bool {
		if n == nil || !in(n) {
			return true
		}
		ast.Inspect(n, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, text)
			}
			return true
		})
		return false
	})
	return found
}

func isCall(names ...string) func(ast.Node) bool {
	return func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return false
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		x, ok := selector.X.(*ast.Ident)
		for _, name := range names {
			if ok && x.Name+"."+selector.Sel.Name == name {
				return true
			}
		}
		return false
	}
}

func isFunc(name string) func(ast.Node) bool {
	return func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		return ok && f.Name.Name == name
	}
}

func isVar(name string) func(ast.Node) bool {
	return func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		return ok && spec.Names[0].Name == name
	}
}

// A reader who searches the page for a line of the client's log finds it.
func TestTroubleshootingHasEveryLineOfTheClient(t *testing.T) {
	page := read(t, "docs/troubleshooting.md")
	var texts []string
	for _, source := range []struct {
		file string
		in   func(ast.Node) bool
		at   int // least texts that it has
	}{
		{"core/diagnostics.go", isVar("lineText"), 15},
		{"core/errors.go", isCall("errors.New"), 2},
		{"core/errors.go", isFunc("hint"), 5},
		{"core/causality.go", isCall("fmt.Errorf"), 1},
		{"core/batch.go", isCall("fmt.Errorf"), 1},
		{"core/drop.go", isCall("fmt.Errorf"), 1},
		{"core/ledger.go", isCall("fmt.Errorf"), 1},
		{"core/reporter.go", isCall("fmt.Errorf"), 2},
		{"core/resend.go", isCall("fmt.Errorf", "errors.New"), 4},
		{"core/send.go", isCall("fmt.Errorf", "errors.New"), 2},
		{"core/transport.go", isCall("fmt.Errorf", "errors.New"), 4},
		{"internal/envelope/event.go", isCall("fmt.Errorf", "errors.New"), 4},
		{"zerologcausality/hook.go", isCall("diagnostic.Say"), 1},
		{"zerologcausality/writer.go", isCall("diagnostic.Say"), 1},
	} {
		found := literals(t, source.file, source.in)
		if len(found) < source.at {
			t.Errorf("%s: found %q only", source.file, found)
		}
		texts = append(texts, found...)
	}
	for _, text := range texts {
		// What is between the verbs of a format.
		text = strings.TrimPrefix(text, "causality: ") // the page says so once
		for _, piece := range regexp.MustCompile(`%[a-z]|: $`).Split(text, -1) {
			if piece = strings.TrimSpace(piece); len(piece) > 8 && !strings.Contains(page, piece) {
				t.Errorf("docs/troubleshooting.md does not explain %q (of %q)", piece, text)
			}
		}
	}
}

// A reader who chooses a name finds those of the catalogue.
func TestThePageOfNamesHasEveryNameOfTheCatalogue(t *testing.T) {
	page := read(t, "docs/names.md")
	names := literals(t, "core/catalogue.go", func(n ast.Node) bool { _, ok := n.(*ast.ValueSpec); return ok })
	if len(names) != 28 {
		t.Errorf("core/catalogue.go has %d names", len(names))
	}
	for _, name := range names {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/names.md does not list %s", name)
		}
	}
}

// A reader who looks for a file of core finds what it is for.
func TestTheArchitectureNamesEveryFile(t *testing.T) {
	page := read(t, "docs/architecture.md")
	files, err := filepath.Glob(filepath.Join(root, "core", "*.go"))
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name != "doc.go" && !strings.HasSuffix(name, "_test.go") && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/architecture.md does not say what core/%s is for", name)
		}
	}
}

// A link leads to a page or file of the repository, and to a heading on it.
func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		text := read(t, page)
		for _, link := range regexp.MustCompile(`\]\(([^):#]*)(?:#([^)]*))?\)`).FindAllStringSubmatch(text, -1) {
			target, heading := filepath.Join(filepath.Dir(page), link[1]), link[2]
			if link[1] == "" {
				target = page
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: a link to %s, which is not there", page, target)
				continue
			}
			if heading != "" && !slices.Contains(headings(read(t, target)), heading) {
				t.Errorf("%s: a link to %s#%s, a heading that is not there", page, target, heading)
			}
		}
	}
}

// headings are the names by which the headings of a page are linked to.
func headings(page string) (names []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// The request that the page shows is one that the gateway takes.
func TestTheGatewayTakesTheRequestOfThePage(t *testing.T) {
	page := blocks(read(t, "docs/arrives.md"))
	i := slices.IndexFunc(page, func(b block) bool { return b.lang == "json" })
	if i < 0 {
		t.Fatal("it shows none")
	}
	gateway := causalitytest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, "/v1/events/batch", strings.NewReader(page[i].text))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-API-Key", strings.Repeat("0123456789abcdef", 4))
	reply := httptest.NewRecorder()
	gateway.ServeHTTP(reply, req)
	events := gateway.OfType("purchase_complete")
	if len(events) != 1 || events[0].UserID != "u-1" || events[0].SessionID != "s-9" ||
		!reflect.DeepEqual(events[0].Properties, map[string]any{"order_id": "o-42", "total_cents": int64(1999)}) {
		t.Errorf("%d %s, stored %+v", reply.Code, reply.Body, events)
	}
}
