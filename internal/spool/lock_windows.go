package spool

import (
	"errors"
	"os"
	"syscall"
)

const (
	errorSharingViolation = syscall.Errno(32)
	errorDiskFull         = syscall.Errno(112)
)

// acquire opens the file at path so that nobody else can open it, until it is
// closed or the process ends. It returns errHeld if somebody else has it.
func acquire(path string, create bool) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	disposition := uint32(syscall.OPEN_EXISTING)
	if create {
		disposition = syscall.OPEN_ALWAYS
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, disposition, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, errorSharingViolation) {
		return nil, errHeld
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

// removeLock gives a lock file up and removes it, unless somebody was faster.
func removeLock(file *os.File) error {
	file.Close()
	return os.Remove(file.Name())
}

// syncDir does nothing: NTFS keeps a journal of directory entries itself.
func syncDir(string) error { return nil }

// isNoSpace reports whether the disk is full.
func isNoSpace(err error) bool { return errors.Is(err, errorDiskFull) }
