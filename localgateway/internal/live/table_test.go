package live_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func table(t testing.TB, file string) *live.Table {
	t.Helper()
	table, err := live.OpenTable(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = table.Close() })
	return table
}

func TestStoredEventsAreRowsThatSurviveARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file?#%.db")
	first := table(t, file)
	s := start(t, live.Options{Table: first})
	s.post(event("1", "page_viewed", "shop", "ada"), event("2", "it's paid", "shop", "ken"), event("2", "it's paid", "shop", "ken"))
	s.post(`{"nope":1}`)

	db, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	counts := func() string {
		rows, err := db.Query("select event_type, count(*) from events group by 1 order by 1")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var all []string
		for rows.Next() {
			var name string
			var n int
			if err := rows.Scan(&name, &n); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(name, " ", n))
		}
		return strings.Join(all, ", ")
	}
	if got, want := counts(), "it's paid 1, page_viewed 1"; got != want {
		t.Errorf("the table has %s, want %s", got, want)
	}

	// What the page says about SQL is true.
	for _, r := range s.records("outcome=stored") {
		statements := strings.Split(strings.TrimSuffix(strings.TrimSpace(r.SQL), ";"), ";")
		if len(statements) != 2 {
			t.Fatalf("statements: %q", statements)
		}
		for _, statement := range statements {
			var n int
			if err := db.QueryRow("select count(*) from (" + statement + ")").Scan(&n); err != nil || n != 1 {
				t.Errorf("it finds %d events (%v): %s", n, err, statement)
			}
		}
	}

	s.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, live.Options{Table: table(t, file)})
	got := s.records("")
	if len(got) != 2 || !got[0].Loaded || got[0].Type != "page_viewed" || got[0].User != "ada" || got[1].Type != "it's paid" || got[1].SQL == "" {
		t.Fatalf("after a restart there are %+v", got)
	}
	s.post(event("3", "page_viewed", "shop", "ada"))
	if got, want := counts(), "it's paid 1, page_viewed 2"; got != want {
		t.Errorf("the table has %s, want %s", got, want)
	}
	if resp, text := s.do(http.MethodPost, "/_local/reset", ""); resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp.Status, text)
	}
	if got := counts(); got != "" {
		t.Errorf("after the reset it has %s", got)
	}
}

func TestTheTableHasTheWarehousesColumns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.db")
	table(t, file)
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("select name from pragma_table_info('events')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got, want []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	for _, column := range gateway.Columns {
		want = append(want, column.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("columns are %v", got)
	}
}

func TestOnlyTheNamedFileIsWritten(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"work", "tmp", "home", "db"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(root, "work"))
	t.Setenv("TMPDIR", filepath.Join(root, "tmp"))
	t.Setenv("HOME", filepath.Join(root, "home"))
	kept := table(t, "../db/events.db")
	s := start(t, live.Options{Table: kept})
	for i := range 50 {
		s.post(event(fmt.Sprint(i), "../../e", "../a", "/etc/passwd"))
	}
	s.do(http.MethodGet, "/_local/events?format=ndjson", "")
	s.do(http.MethodPost, "/_local/reset", "")
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	var files []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			relative, _ := filepath.Rel(root, path)
			files = append(files, relative)
		}
		return err
	})
	if err != nil || !slices.Equal(files, []string{filepath.Join("db", "events.db")}) {
		t.Errorf("written were %v (%v)", files, err)
	}
}

func TestAFileThatIsNoDatabaseIsLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes.txt")
	notes := strings.Repeat("my notes\n", 1000)
	if err := os.WriteFile(file, []byte(notes), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := live.OpenTable(file); err == nil || !strings.Contains(err.Error(), "cannot be used as -db") {
		t.Errorf("opened with %v", err)
	}
	if text, _ := os.ReadFile(file); string(text) != notes {
		t.Error("it was changed")
	}
}

func TestAFileThatCannotBeOpenedSaysWhy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "nowhere", "events.db")
	_, err := live.OpenTable(file)
	if err == nil || err.Error() != file+" cannot be used as -db: no such file or directory" {
		t.Errorf("opened with %v", err)
	}
}

func TestAnEventThatCannotBeWrittenIsRejected(t *testing.T) {
	broken := table(t, filepath.Join(t.TempDir(), "events.db"))
	s := start(t, live.Options{Table: broken})
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	s.post(plain("k"))
	if got := s.records(""); outcomes(got) != "rejected" || !strings.Contains(got[0].Reason, "write to -db") {
		t.Errorf("listed as %+v", got)
	}
}
