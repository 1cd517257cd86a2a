//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package spool

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// acquire locks the file at path until it is closed or the process ends. It
// returns errHeld if somebody else has it.
func acquire(path string, create bool) (*os.File, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil && !isAt(file, path) {
		err = errHeld // it was removed between open and lock
	} else if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errHeld
	} else if err != nil {
		err = fmt.Errorf("lock %s: %w (its file system may have no locks)", path, err)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// removeLock removes a lock file that is held, and gives it up.
func removeLock(file *os.File) error {
	err := os.Remove(file.Name())
	file.Close()
	return err
}

// syncDir flushes the entries of a directory to the disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// isNoSpace reports whether the disk is full.
func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
