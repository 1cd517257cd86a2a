package main

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/raft"
	raftwal "github.com/hashicorp/raft-wal"
	"github.com/tidwall/wal"
	bolt "go.etcd.io/bbolt"
	_ "modernc.org/sqlite"

	"github.com/SebastienMelki/causality/sdk/go/internal/spool"
)

// store is what a queue on disk must do for the client. Events have numbers from
// 1 on; append and settle are called in order, from one goroutine each.
type store interface {
	append(first uint64, events [][]byte) error
	settle(first, last uint64) error // they need not be kept
	// readAll calls yield with what is left, for the damage test.
	readAll(yield func(event []byte)) error
	close() error
}

// segments is internal/spool.
type segments struct {
	*spool.Spool
	refs chan spool.Ref
}

func openSegments(dir string) (store, error) {
	s := &segments{refs: make(chan spool.Ref, 1<<20)}
	var err error
	s.Spool, err = spool.Open(spool.Options{Dir: dir, Label: "bench", MaxBytes: 1 << 40})
	return s, err
}

func (s *segments) append(_ uint64, events [][]byte) error {
	first, _, err := s.Append(events, true)
	for i := range events {
		s.refs <- first + spool.Ref(i)
	}
	return err
}

func (s *segments) settle(first, last uint64) error {
	refs := make([]spool.Ref, 0, 50)
	for range last - first + 1 {
		refs = append(refs, <-s.refs)
	}
	s.Settle(refs)
	return nil
}

func (s *segments) readAll(yield func([]byte)) error {
	var c spool.Chunk
	for n := 0; n < damageEvents && s.Next(&c); n += len(c.Events) + c.Lost {
		for _, e := range c.Events {
			yield(e)
		}
	}
	return nil
}

func (s *segments) close() error { return s.Close() }

// boltStore is go.etcd.io/bbolt, a transaction for each group, without fsync.
type boltStore struct{ db *bolt.DB }

var bucket = []byte("events")

func openBolt(dir string) (store, error) {
	db, err := bolt.Open(filepath.Join(dir, "bolt"), 0o600, &bolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucketIfNotExists(bucket); return err })
	return &boltStore{db}, err
}

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func (s *boltStore) append(first uint64, events [][]byte) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucket)
		b.FillPercent = 1 // keys come in order
		for i, e := range events {
			if err := b.Put(key(first+uint64(i)), e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *boltStore) settle(first, last uint64) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		for n := first; n <= last; n++ {
			if err := tx.Bucket(bucket).Delete(key(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *boltStore) readAll(yield func([]byte)) error {
	return s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(_, event []byte) error { yield(event); return nil })
	})
}

func (s *boltStore) close() error { return s.db.Close() }

// sqliteStore is modernc.org/sqlite with a write-ahead log, without fsync.
type sqliteStore struct {
	db             *sql.DB
	insert, remove *sql.Stmt
}

func openSQLite(dir string) (store, error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "sqlite")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS events (n INTEGER PRIMARY KEY, event BLOB)"); err != nil {
		return nil, err
	}
	s := &sqliteStore{db: db}
	if s.insert, err = db.Prepare("INSERT INTO events VALUES (?, ?)"); err != nil {
		return nil, err
	}
	s.remove, err = db.Prepare("DELETE FROM events WHERE n BETWEEN ? AND ?")
	return s, err
}

func (s *sqliteStore) append(first uint64, events [][]byte) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	insert := tx.Stmt(s.insert)
	for i, e := range events {
		if _, err := insert.Exec(int64(first)+int64(i), e); err != nil {
			tx.Rollback()
			return err
		}
	}
	return tx.Commit()
}

func (s *sqliteStore) settle(first, last uint64) error {
	_, err := s.remove.Exec(int64(first), int64(last))
	return err
}

func (s *sqliteStore) readAll(yield func([]byte)) error {
	rows, err := s.db.Query("SELECT event FROM events ORDER BY n")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var event []byte
		if err := rows.Scan(&event); err != nil {
			return err
		}
		yield(event)
	}
	return rows.Err()
}

func (s *sqliteStore) close() error { return s.db.Close() }

// tidwallStore is github.com/tidwall/wal, without fsync.
type tidwallStore struct{ log *wal.Log }

func openTidwall(dir string) (store, error) {
	log, err := wal.Open(filepath.Join(dir, "wal"), &wal.Options{NoSync: true, SegmentSize: 8 << 20, LogFormat: wal.Binary, SegmentCacheSize: 2, DirPerms: 0o700, FilePerms: 0o600})
	return &tidwallStore{log}, err
}

func (s *tidwallStore) append(first uint64, events [][]byte) error {
	var b wal.Batch
	for i, e := range events {
		b.Write(first+uint64(i), e)
	}
	return s.log.WriteBatch(&b)
}

// It rewrites the first segment each time, so settle only now and then.
func (s *tidwallStore) settle(first, last uint64) error {
	if last/5000 == (first-1)/5000 {
		return nil
	}
	return s.log.TruncateFront(last)
}

func (s *tidwallStore) readAll(yield func([]byte)) error {
	first, err := s.log.FirstIndex()
	if err != nil {
		return err
	}
	last, err := s.log.LastIndex()
	for n := first; err == nil && n <= last; n++ {
		var event []byte
		if event, err = s.log.Read(n); err == nil {
			yield(event)
		}
	}
	return err
}

func (s *tidwallStore) close() error { return s.log.Close() }

// raftStore is github.com/hashicorp/raft-wal, which always flushes.
type raftStore struct{ log *raftwal.WAL }

func openRaft(dir string) (store, error) {
	log, err := raftwal.Open(dir, raftwal.WithSegmentSize(8<<20))
	return &raftStore{log}, err
}

func (s *raftStore) append(first uint64, events [][]byte) error {
	logs := make([]*raft.Log, len(events))
	for i, e := range events {
		logs[i] = &raft.Log{Index: first + uint64(i), Data: bytes.Clone(e)}
	}
	return s.log.StoreLogs(logs)
}

func (s *raftStore) settle(first, last uint64) error {
	if last/5000 == (first-1)/5000 {
		return nil
	}
	begin, err := s.log.FirstIndex()
	if err != nil {
		return err
	}
	return s.log.DeleteRange(begin, last)
}

func (s *raftStore) readAll(yield func([]byte)) error {
	first, err := s.log.FirstIndex()
	if err != nil {
		return err
	}
	last, err := s.log.LastIndex()
	if err == nil && last == 0 {
		return fmt.Errorf("it is empty")
	}
	for n := first; err == nil && n <= last; n++ {
		var log raft.Log
		if err = s.log.GetLog(n, &log); err == nil {
			yield(log.Data)
		}
	}
	return err
}

func (s *raftStore) close() error { return s.log.Close() }
