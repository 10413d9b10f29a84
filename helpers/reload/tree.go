package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tree is the source of an app, watched by looking at it again and again: mounted folders and
// overlays do not report what changes in them.
type tree struct {
	root    string
	ignored []string // patterns of filepath.Match, of a name or of a path below root
}

// Version control, packages of other languages, and what editors leave beside a file. Other hidden
// files are watched: an app may embed them.
var neverWatched = []string{".git", ".hg", ".svn", "node_modules", "*~", ".*.sw?", ".#*", "#*#", "4913"}

// newTree returns the tree below a folder; ignored are more patterns, separated by colons.
func newTree(root, ignored string) (*tree, error) {
	patterns := append([]string{}, neverWatched...)
	for _, pattern := range strings.Split(ignored, ":") {
		pattern = strings.Trim(strings.TrimSpace(pattern), "/")
		if pattern == "" {
			continue
		}
		if _, err := filepath.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("%s holds %q, which is not a pattern", ignoredEnv, pattern)
		}
		patterns = append(patterns, pattern)
	}
	return &tree{root: root, ignored: patterns}, nil
}

type stamp struct {
	modified int64 // nanoseconds since 1970
	size     int64
}

// view is what a look at a tree has seen.
type view struct {
	files  map[string]stamp // by path below the root
	newest time.Time        // of files and folders, so that a removed file counts
}

// look walks the tree. What cannot be read counts as not there: it may be going just now.
func (t *tree) look() view {
	seen := view{files: map[string]stamp{}}
	_ = filepath.WalkDir(t.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		below, err := filepath.Rel(t.root, path)
		if err != nil {
			return err
		}
		if below != "." && t.ignores(below) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		if info.ModTime().After(seen.newest) {
			seen.newest = info.ModTime()
		}
		if !entry.IsDir() {
			seen.files[below] = stamp{info.ModTime().UnixNano(), info.Size()}
		}
		return nil
	})
	return seen
}

func (t *tree) ignores(path string) bool {
	name := filepath.Base(path)
	for _, pattern := range t.ignored {
		if matches(pattern, name) || matches(pattern, path) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	matched, _ := filepath.Match(pattern, name) // newTree has tried every pattern
	return matched
}

// newerThan tells whether the tree holds something newer than a file, or the file is not there.
func (v view) newerThan(path string) bool {
	info, err := os.Stat(path)
	return err != nil || v.newest.After(info.ModTime())
}

// differing returns how many files differ between two views, and the path of one of them.
func (v view) differing(other view) (count int, example string) {
	note := func(path string) {
		count++
		if example == "" || path < example {
			example = path
		}
	}
	for path, mine := range v.files {
		if theirs, there := other.files[path]; !there || theirs != mine {
			note(path)
		}
	}
	for path := range other.files {
		if _, there := v.files[path]; !there {
			note(path)
		}
	}
	return count, example
}

// watch sends a line for each change since before, once the tree is quiet again. A look at a large
// tree takes long, so the time between two grows with it: looking never takes over a tenth.
func (t *tree) watch(before view, changes chan<- string) {
	for {
		began := time.Now()
		now := t.look()
		if count, _ := before.differing(now); count > 0 {
			now = t.settled(now)
		}
		if count, example := before.differing(now); count > 0 { // an editor's files may have gone
			changes <- described(count, example)
		}
		before = now
		time.Sleep(longer(pause, 10*time.Since(began)))
	}
}

// settled returns the view of the tree once two looks at it see the same.
func (t *tree) settled(last view) view {
	for {
		time.Sleep(quiet)
		now := t.look()
		if count, _ := last.differing(now); count == 0 {
			return now
		}
		last = now
	}
}

func described(count int, example string) string {
	if count == 1 {
		return example + " changed"
	}
	return fmt.Sprintf("%s and %d more changed", example, count-1)
}

func longer(one, other time.Duration) time.Duration {
	if one > other {
		return one
	}
	return other
}
