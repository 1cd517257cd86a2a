package causality_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// TestPowerLoss makes a file system forget what was not flushed to its disk, as a
// loss of power does.
func TestPowerLoss(t *testing.T) {
	image := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 32<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Skipf("%v %s", err, out)
	}
	g := newGateway(t)
	g.then(unreachable)
	tracked := 0
	t.Run("before", func(t *testing.T) {
		dir := mount(t, "-o", "loop", image)
		client := newClient(t, g, inDir(filepath.Join(dir, "events")), func(cfg *causality.Config) {
			cfg.Spool.SyncInterval = 20 * time.Millisecond
		})
		for ; tracked < 2000; tracked += 10 {
			track(client, tracked, tracked+10)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		track(client, tracked, tracked+10) // these need not survive
		losePower(t, dir)
		abandon(client)
	})
	t.Run("after", func(t *testing.T) {
		dir := mount(t, "-o", "loop", image)
		g.then(accept)
		client := newClient(t, g, inDir(filepath.Join(dir, "events")), maxInFlight(1))
		eventually(t, "what was flushed", func() bool { _ = client.Flush(); return len(g.events()) >= tracked })
		if got := g.numbers(); !slices.Equal(got[:tracked], numbered(0, tracked)) {
			t.Errorf("%d events of %d", len(got), tracked)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

// losePower shuts a file system down without writing anything more to its disk.
func losePower(t *testing.T, dir string) {
	t.Helper()
	const shutdown, noFlush = 0x8004587d, 2 // EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	how := uint32(noFlush)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&how))); errno != 0 {
		t.Skipf("the file system cannot be shut down: %v", errno)
	}
}
