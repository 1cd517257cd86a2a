package live

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// lockWait is how long the first event waits for a file that another program
// has locked. Those after it do not wait until one is written again.
const lockWait = time.Second

// Table is a SQLite file with the table events, which has the warehouse's
// columns. It is safe for concurrent use; other programs may read the file.
type Table struct {
	// Notify is called with what the user should know, such as that the file was
	// removed. It may be nil, and is not changed once events come.
	Notify func(string)

	file string // absolute

	mu     sync.Mutex // one statement at a time
	db     *sql.DB    // nil while there is no file to write to
	insert *sql.Stmt
	opened fs.FileInfo // the file that db has open
	hasLog bool        // it has a write-ahead log
	locked bool        // the last statement found the file locked
	closed bool

	rows atomic.Int64
}

// OpenTable opens a file, or makes it, readable by its owner only.
func OpenTable(file string) (*Table, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	t := &Table{file: absolute}
	if err := t.open(); err != nil {
		return nil, err
	}
	return t, nil
}

// dsn is how SQLite finds a file: a URI, whose path begins with a slash even
// where a path begins with a drive's letter.
func dsn(absolute string) string {
	path := filepath.ToSlash(absolute)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	// A write-ahead log lets others read while we write. It is not synced at
	// every event: what the machine's loss of power takes are test events.
	return (&url.URL{Scheme: "file", Path: path,
		RawQuery: "_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=temp_store(memory)"}).String()
}

func (t *Table) open() error {
	unusable := func(err error) error { return fmt.Errorf("%s cannot be used as -db: %w", t.file, err) }
	// SQLite says of a folder that is not there that it is out of memory.
	handle, err := os.OpenFile(t.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unusable(errors.Unwrap(err))
	}
	t.opened, err = handle.Stat()
	if err := errors.Join(err, handle.Close()); err != nil {
		return unusable(err)
	}
	db, err := sql.Open("sqlite", dsn(t.file))
	if err != nil {
		return unusable(err)
	}
	db.SetMaxOpenConns(1)
	if err := t.patiently(func() error { return t.prepare(db) }); err != nil {
		return unusable(errors.Join(err, db.Close()))
	}
	t.db = db
	return nil
}

func (t *Table) prepare(db *sql.DB) error {
	var defined, names, marks []string
	for _, column := range gateway.Columns {
		defined = append(defined, column.Name+" "+column.Type+" not null")
		names = append(names, column.Name)
		marks = append(marks, "?")
	}
	if _, err := db.Exec("create table if not exists events (\n\t" + strings.Join(defined, ",\n\t") + "\n)"); err != nil {
		return err
	}
	var rows int64
	if err := db.QueryRow("select count(*) from events").Scan(&rows); err != nil {
		return err
	}
	t.rows.Store(rows)
	var mode string
	if err := db.QueryRow("pragma journal_mode").Scan(&mode); err != nil {
		return err
	}
	t.hasLog = mode == "wal"
	var err error
	t.insert, err = db.Prepare("insert into events (" + strings.Join(names, ", ") + ") values (" + strings.Join(marks, ", ") + ")")
	return err
}

// patiently waits while another program has the file locked, unless the last
// statement already waited in vain: with a thousand events in a request each
// wait would cost a thousand.
func (t *Table) patiently(do func() error) error {
	limit := time.Now().Add(lockWait)
	for {
		err := do()
		busy := isBusy(err)
		if !busy || t.locked || time.Now().After(limit) {
			t.locked = busy
			if busy {
				return fmt.Errorf("another program has locked it: %w", err)
			}
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func isBusy(err error) bool {
	const busy, locked = 5, 6 // SQLITE_BUSY and SQLITE_LOCKED; higher bits say more
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == busy || e.Code()&0xff == locked)
}

func (t *Table) add(event *stored) error {
	values, err := gateway.RowOf(event.Wire)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.write(func() error { _, err := t.insert.Exec(values...); return err }); err != nil {
		return fmt.Errorf("write to -db %s: %w", t.file, err)
	}
	t.rows.Add(1)
	return nil
}

// write runs a statement and makes sure that it changed the file of that name.
func (t *Table) write(statement func() error) error {
	if t.closed {
		return errors.New("it is closed")
	}
	if t.db == nil {
		if err := t.open(); err != nil {
			return err
		}
	}
	if err := t.patiently(statement); err != nil {
		return err
	}
	file, fileErr := os.Stat(t.file)
	_, logErr := os.Stat(t.file + "-wal")
	same := fileErr == nil && os.SameFile(file, t.opened)
	if same && (logErr == nil || !t.hasLog) {
		return nil
	}
	// Somebody has removed or replaced the file, or its write-ahead log. Closing
	// moves the log's rows into the file that is open.
	before := t.rows.Load()
	if err := errors.Join(t.release(), t.open()); err != nil {
		return err
	}
	if same {
		t.rows.Store(before) // without what the statement changed
		return nil
	}
	if t.Notify != nil {
		t.Notify(fmt.Sprintf("%s was removed or replaced; from now on events are written to the file that is there now (rows in it: %d)", t.file, t.rows.Load()))
	}
	return t.patiently(statement)
}

// release closes what open has opened.
func (t *Table) release() error {
	if t.db == nil {
		return nil
	}
	err := errors.Join(t.insert.Close(), t.db.Close())
	t.db, t.insert = nil, nil
	return err
}

// Rows is how many events the file holds.
func (t *Table) Rows() int { return int(t.rows.Load()) }

// newest reads the last rows, oldest first: at most n, and no more than fit into
// about maxBytes.
func (t *Table) newest(n, maxBytes int) ([]row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := []string{"rowid"}
	for _, column := range gateway.Columns {
		names = append(names, column.Name)
	}
	found, err := t.db.Query("select "+strings.Join(names, ", ")+" from events order by rowid desc limit ?", n)
	if err != nil {
		return nil, fmt.Errorf("read -db %s: %w", t.file, err)
	}
	defer found.Close()
	var rows []row
	for bytes := 0; found.Next() && bytes < maxBytes; {
		var rowID int64
		into := []any{&rowID}
		for _, column := range gateway.Columns {
			into = append(into, target(column))
		}
		if err := found.Scan(into...); err != nil {
			return nil, fmt.Errorf("row %d of the table events in %s cannot be read: %w; delete that row, or choose another file", rowID, t.file, err)
		}
		r := rowFrom(into[1:])
		rows, bytes = append(rows, r), bytes+r.size()
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read -db %s: %w", t.file, err)
	}
	slices.Reverse(rows)
	return rows, nil
}

// target is a variable that a column is read into.
func target(column gateway.Column) any {
	switch column.Type {
	case "integer":
		return new(int64)
	case "boolean":
		return new(bool)
	}
	return new(string)
}

func rowFrom(targets []any) row {
	r := make(row, len(targets))
	for i, target := range targets {
		switch v := target.(type) {
		case *int64:
			r[i] = *v
		case *bool:
			r[i] = *v
		case *string:
			r[i] = *v
		}
	}
	return r
}

func (t *Table) clear() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.write(func() error { _, err := t.db.Exec("delete from events"); return err }); err != nil {
		return fmt.Errorf("empty -db %s: %w", t.file, err)
	}
	t.rows.Store(0)
	return nil
}

// Close closes the file.
func (t *Table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	return t.release()
}
