package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func put(t *testing.T, root, name, text string) string {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func made(t *testing.T, root, ignored string) *tree {
	t.Helper()
	source, err := newTree(root, ignored)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestOnlyTheSourceIsWatched(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{
		"main.go", ".env", "a/b.go", "a/testdata/x", "data/kept.txt",
		".git/HEAD", "web/node_modules/x/y.js", ".main.go.swp", "main.go~", ".#main.go", "4913",
		"data/app.db", "tmp/log",
	} {
		put(t, root, name, "x")
	}

	seen := made(t, root, "data/*.db: /tmp/").look().files

	want := []string{"main.go", ".env", "a/b.go", "a/testdata/x", "data/kept.txt"}
	for _, name := range want {
		if _, there := seen[name]; !there {
			t.Errorf("%s is not watched", name)
		}
	}
	if len(seen) != len(want) {
		t.Errorf("%v is watched", seen)
	}
}

func TestAPatternThatIsNoneIsRefused(t *testing.T) {
	if _, err := newTree(".", "ok:[a"); err == nil {
		t.Error("[a was taken for a pattern")
	}
}

func TestEveryKindOfChangeIsSeen(t *testing.T) {
	for name, change := range map[string]func(root string) error{
		"new":     func(root string) error { return os.WriteFile(filepath.Join(root, "c"), nil, 0o644) },
		"removed": func(root string) error { return os.Remove(filepath.Join(root, "b")) },
		"longer": func(root string) error {
			return os.WriteFile(filepath.Join(root, "b"), []byte("longer"), 0o644)
		},
		"of another time": func(root string) error {
			then := time.Unix(1, 0)
			return os.Chtimes(filepath.Join(root, "b"), then, then)
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			put(t, root, "b", "text")
			source := made(t, root, "")
			before := source.look()

			if err := change(root); err != nil {
				t.Fatal(err)
			}

			if count, _ := before.differing(source.look()); count != 1 {
				t.Errorf("%d changes were seen", count)
			}
		})
	}
}

func TestATreeThatStaysIsTheSame(t *testing.T) {
	root := t.TempDir()
	put(t, root, "a/b", "text")
	source := made(t, root, "")

	if count, example := source.look().differing(source.look()); count != 0 {
		t.Errorf("%s differs", example)
	}
}

func TestTheSourceIsNewerThanAProgramOnceItChanges(t *testing.T) {
	old := time.Unix(315532801, 0) // the time of every file in an image
	root := t.TempDir()
	source := made(t, filepath.Join(root, "app"), "")
	program := put(t, root, "program", "")
	file := put(t, root, "app/main.go", "")
	gone := put(t, root, "app/gone.go", "")
	paths := []string{program, file, gone, filepath.Join(root, "app")}
	for _, path := range paths {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if source.look().newerThan(program) {
		t.Error("an untouched source is newer")
	}

	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}

	if !source.look().newerThan(program) {
		t.Error("a source with a file less is not newer")
	}
	if !source.look().newerThan(filepath.Join(root, "no-program")) {
		t.Error("a program that is not there counts as up to date")
	}
}

func TestAChangeIsToldOnceTheTreeIsQuiet(t *testing.T) {
	root := t.TempDir()
	put(t, root, "a", "")
	source := made(t, root, "")
	changes := make(chan string)
	go source.watch(source.look(), changes)

	for _, name := range []string{"b", "c", "d"} {
		put(t, root, name, "")
	}

	select {
	case told := <-changes:
		if told != "b and 2 more changed" {
			t.Errorf("told: %s", told)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was told")
	}
	select {
	case told := <-changes:
		t.Errorf("told again: %s", told)
	case <-time.After(2 * pause):
	}
}
