package live

import "testing"

func TestDSNIsAURIWhosePathBeginsWithASlash(t *testing.T) {
	for path, want := range map[string]string{
		"/home/ada/a file?#%.db": "file:///home/ada/a%20file%3F%23%25.db",
		"C:/Users/ada/events.db": "file:///C:/Users/ada/events.db",
		"//server/share/e.db":    "file:////server/share/e.db",
	} {
		if got := dsn(path); got[:len(want)+1] != want+"?" {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
