//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package spool

import (
	"errors"
	"os"
	"runtime"
)

func acquire(string, bool) (*os.File, error) {
	return nil, errors.New("a spool needs file locks that end with the process, which " + runtime.GOOS + " does not have")
}

func removeLock(file *os.File) error { return file.Close() }

func syncDir(string) error { return nil }

func isNoSpace(error) bool { return false }
