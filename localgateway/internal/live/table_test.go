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
	"time"

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

// rowsIn counts the rows of a file as another program does.
func rowsIn(t testing.TB, file string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("select count(*) from events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatIsStoredIsInTheFileAlsoAfterItWasRemoved(t *testing.T) {
	tests := []struct {
		name   string
		remove string
		want   int // events in the file after one before and one after the removal
	}{
		{"the file and its logs", "events.db*", 1},
		{"the file alone", "events.db", 1},
		{"the log alone", "events.db-wal", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "events.db")
			kept := table(t, file)
			var notices []string
			kept.Notify = func(text string) { notices = append(notices, text) }
			s := start(t, live.Options{Table: kept})
			s.post(plain("1"))
			remove(t, filepath.Join(dir, tt.remove))
			s.post(plain("2"))
			if got := outcomes(s.records("")); got != "stored stored" {
				t.Fatalf("outcomes are %s", got)
			}
			if n := rowsIn(t, file); n != tt.want || kept.Rows() != tt.want {
				t.Errorf("the file has %d rows, and %d are reported; want %d", n, kept.Rows(), tt.want)
			}
			if gone := tt.want == 1; gone != (len(notices) == 1) {
				t.Errorf("the notices are %q", notices)
			}
		})
	}
}

func remove(t testing.TB, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWithoutItsFolderAnEventIsRejectedUntilItIsBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, live.Options{Table: table(t, filepath.Join(dir, "events.db"))})
	s.post(plain("1"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	s.post(plain("2"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.post(plain("3"))
	got := s.records("")
	if outcomes(got) != "stored rejected stored" || !strings.Contains(got[1].Reason, "no such file or directory") {
		t.Errorf("listed as %+v", got)
	}
	if n := rowsIn(t, filepath.Join(dir, "events.db")); n != 1 {
		t.Errorf("the file has %d rows", n)
	}
}

func TestALockOfAnotherProgramCostsOneWait(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.db")
	s := start(t, live.Options{Table: table(t, file)})
	other, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("begin immediate"); err != nil {
		t.Fatal(err)
	}
	var events []string
	for i := range 200 {
		events = append(events, plain(fmt.Sprint(i)))
	}
	began := time.Now()
	s.post(events...)
	if took := time.Since(began); took > 5*time.Second { // one wait is a second
		t.Errorf("200 events took %v", took)
	}
	got := s.records("")
	if len(got) != 200 || got[199].Outcome != live.Rejected || !strings.Contains(got[199].Reason, "events.db: another program has locked it") {
		t.Errorf("listed as %+v", got[len(got)-1])
	}
	if _, err := other.Exec("rollback"); err != nil {
		t.Fatal(err)
	}
	if s.post(plain("after")); outcomes(s.records("limit=1")) != "stored" {
		t.Errorf("when it is free: %+v", s.records("limit=1"))
	}
}

func TestTheFileIsForItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	s := start(t, live.Options{Table: table(t, filepath.Join(dir, "events.db"))})
	s.post(plain("1"))
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v (%v)", file.Name(), info.Mode(), err)
		}
	}
}

func TestAllRowsOfAFileAreCountedAndTheNewestListed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.db")
	first := table(t, file)
	s := start(t, live.Options{Table: first})
	for i := range 25 {
		s.post(event(fmt.Sprint(i), fmt.Sprint("e", i), "shop", strings.Repeat("x", 10_000)))
	}
	s.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]live.Options{"by number": {MaxRecords: 10}, "by bytes": {MaxBytes: 150_000}} {
		options.Table = table(t, file)
		s := start(t, options)
		var stats live.Stats
		s.get("/_local/stats", &stats)
		if stats.Rows == nil || *stats.Rows != 25 || stats.Kept < 5 || stats.Kept > 15 {
			t.Errorf("%s: stats are %+v", name, stats)
		}
		if got := s.records(""); got[len(got)-1].Type != "e24" {
			t.Errorf("%s: the newest is %s", name, got[len(got)-1].Type)
		}
	}
}

func TestARowThatCannotBeReadIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.db")
	kept := table(t, file)
	s := start(t, live.Options{Table: kept})
	s.post(plain("1"), plain("2"))
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("update events set hour = 'noon' where rowid = 2"); err != nil {
		t.Fatal(err)
	}
	_, err = live.New(live.Options{Table: kept})
	if want := "row 2 of the table events in " + file; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "noon") {
		t.Errorf("it says %v, want %s", err, want)
	}
}
