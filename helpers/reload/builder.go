package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// recipe says how the programs of the image were built; gobp/buildpack/go/recipe.py writes it.
type recipe struct {
	Workdir    string            `json:"workdir"` // where go runs, below the app
	Flags      []string          `json:"flags"`
	Targets    []string          `json:"targets"`
	Env        map[string]string `json:"env"`
	Vendor     string            `json:"vendor"`      // the modules' folder below the app
	ImportPath string            `json:"import_path"` // of an app that is built in a GOPATH
}

// builder rebuilds the programs into a folder of its own: the image's may be read-only.
type builder struct {
	recipe recipe
	app    string
	cache  string
	name   string // of the program
	work   string
}

func newBuilder(given options) (*builder, error) {
	text, err := os.ReadFile(given.recipe)
	if err != nil {
		return nil, err
	}
	b := &builder{app: given.app, cache: given.cache, name: filepath.Base(given.command[0])}
	if err := json.Unmarshal(text, &b.recipe); err != nil {
		return nil, fmt.Errorf("%s: %v", given.recipe, err)
	}
	if b.work, err = workFolder(given); err != nil {
		return nil, fmt.Errorf("%v; set TMPDIR to a folder that can be written to", err)
	}
	return b, nil
}

// workFolder makes a private folder: one for this run, or with -once the same for every run.
func workFolder(given options) (string, error) {
	if !given.once {
		return os.MkdirTemp("", "reload-")
	}
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%s\n%s", given.recipe, given.command[0])
	path := filepath.Join(os.TempDir(), fmt.Sprintf("reload-%d-%x", os.Getuid(), sum.Sum64()))
	if err := os.Mkdir(path, 0o700); err == nil || !os.IsExist(err) {
		return path, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !known || int(owner.Uid) != os.Getuid() {
		return "", fmt.Errorf("%s belongs to another user", path)
	}
	return path, nil
}

// program returns where the rebuilt program is, or will be.
func (b *builder) program() string {
	return filepath.Join(b.work, "bin", b.name)
}

// command returns what to start: the program that was built last, else the image's.
func (b *builder) command(image []string) []string {
	if _, err := os.Stat(b.program()); err != nil {
		return image
	}
	return append([]string{b.program()}, image[1:]...)
}

// run builds and waits.
func (b *builder) run() error {
	command, err := b.prepare()
	if err != nil {
		return err
	}
	started, err := start(command)
	if err != nil {
		return err
	}
	return buildError(started.wait())
}

func buildError(ended syscall.WaitStatus) error {
	if exitStatus(ended) == 0 {
		return nil
	}
	return fmt.Errorf("the build failed")
}

// prepare makes the folders that a build needs and returns the build's command.
func (b *builder) prepare() (command, error) {
	if err := b.openCache(); err != nil {
		return command{}, err
	}
	folder := filepath.Join(b.app, b.recipe.Workdir)
	if b.recipe.ImportPath != "" {
		link := filepath.Join(b.gopath(), "src", b.recipe.ImportPath)
		if err := makeLink(folder, link); err != nil {
			return command{}, err
		}
		folder = link
	}
	for _, path := range []string{filepath.Join(b.work, "bin"), filepath.Join(b.work, "tmp")} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return command{}, err
		}
	}
	env := b.environment(folder)
	program, err := exec.LookPath("go")
	if err != nil {
		return command{}, err
	}
	return command{argv: append([]string{program}, b.arguments()...), dir: folder, env: env}, nil
}

func (b *builder) arguments() []string {
	arguments := []string{"build", "-o", filepath.Join(b.work, "bin") + "/"}
	for _, flag := range b.recipe.Flags {
		if flag == "-mod=vendor" && !b.isVendored() {
			say("there is no %s: go gets the modules", filepath.Join(b.app, b.recipe.Vendor))
			continue // another copy of the app is mounted over that of the image
		}
		arguments = append(arguments, flag)
	}
	return append(arguments, b.recipe.Targets...)
}

func (b *builder) isVendored() bool {
	_, err := os.Stat(filepath.Join(b.app, b.recipe.Vendor, "modules.txt"))
	return err == nil
}

func (b *builder) gopath() string {
	return filepath.Join(b.work, "gopath")
}

// environment returns the variables of the build: those of this process, with the recipe's.
func (b *builder) environment(folder string) []string {
	set := map[string]string{
		"GOCACHE":  b.cache,
		"GOPATH":   b.gopath(),
		"GOTMPDIR": filepath.Join(b.work, "tmp"),
		"PWD":      folder, // go then sees the link to a GOPATH as a folder
	}
	for name, value := range b.recipe.Env {
		set[name] = value
	}
	var env []string
	for _, variable := range os.Environ() {
		if _, there := set[strings.SplitN(variable, "=", 2)[0]]; !there {
			env = append(env, variable)
		}
	}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	return env
}

func makeLink(to, link string) error {
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(to, link); err != nil && !os.IsExist(err) {
		return err
	}
	return nil
}

// openCache sees that the compile cache can be written to: else it is copied, once.
//
// Go removes what was not used for days. The files in an image are of 1980, so go is told that
// it has looked for such just now.
func (b *builder) openCache() error {
	copied := filepath.Join(b.work, "cache")
	if _, err := os.Stat(copied); err == nil {
		b.cache = copied
	}
	now := []byte(strconv.FormatInt(time.Now().Unix(), 10) + "\n")
	if os.WriteFile(filepath.Join(b.cache, "trim.txt"), now, 0o644) == nil {
		return nil
	}
	if err := copyTree(b.cache, copied+".new"); err != nil {
		return err
	}
	b.cache = copied
	return os.Rename(copied+".new", copied)
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, below)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}
