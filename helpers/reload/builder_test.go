package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func aBuilder(t *testing.T, recipe string) *builder {
	t.Helper()
	root := t.TempDir()
	t.Setenv("TMPDIR", filepath.Join(root, "tmp"))
	put(t, root, "app/main.go", "package main\n\nfunc main() {}\n")
	put(t, root, "tmp/.keep", "")
	put(t, root, "cache/00/entry-d", "kept")
	b, err := newBuilder(options{
		app:     filepath.Join(root, "app"),
		recipe:  put(t, root, "recipe.json", recipe),
		cache:   filepath.Join(root, "cache"),
		command: []string{filepath.Join(root, "bin/web"), "--moon"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func variable(env []string, name string) []string {
	var values []string
	for _, each := range env {
		if strings.HasPrefix(each, name+"=") {
			values = append(values, strings.TrimPrefix(each, name+"="))
		}
	}
	return values
}

func TestTheBuildIsThatOfTheRecipe(t *testing.T) {
	t.Setenv("CGO_ENABLED", "1")
	t.Setenv("GOPROXY", "https://proxy.example.com")
	b := aBuilder(t, `{"flags": ["-trimpath"], "targets": ["./cmd/web"], "workdir": "sub",
		"env": {"CGO_ENABLED": "0", "GOFLAGS": "-modcacherw"}}`)

	got, err := b.prepare()
	if err != nil {
		t.Fatal(err)
	}

	want := []string{"build", "-o", filepath.Join(b.work, "bin") + "/", "-trimpath", "./cmd/web"}
	if !reflect.DeepEqual(got.argv[1:], want) || filepath.Base(got.argv[0]) != "go" {
		t.Errorf("argv is %v", got.argv)
	}
	if got.dir != filepath.Join(b.app, "sub") {
		t.Errorf("go runs in %s", got.dir)
	}
	for name, value := range map[string]string{
		"CGO_ENABLED": "0", "GOFLAGS": "-modcacherw", "GOPROXY": "https://proxy.example.com",
		"GOCACHE": b.cache, "PWD": got.dir,
	} {
		if values := variable(got.env, name); !reflect.DeepEqual(values, []string{value}) {
			t.Errorf("%s is %v", name, values)
		}
	}
}

func TestGoGetsTheModulesWhereTheVendorFolderIsGone(t *testing.T) {
	b := aBuilder(t, `{"flags": ["-mod=vendor"], "vendor": "vendor"}`)

	if strings.Contains(strings.Join(b.arguments(), " "), "-mod=vendor") {
		t.Error("-mod=vendor is passed without a vendor folder")
	}
	put(t, b.app, "vendor/modules.txt", "")
	if !strings.Contains(strings.Join(b.arguments(), " "), "-mod=vendor") {
		t.Error("-mod=vendor is lost with a vendor folder")
	}
}

func TestAnAppWithoutAModuleIsSeenInAGopath(t *testing.T) {
	b := aBuilder(t, `{"import_path": "example.com/app"}`)

	for i := 0; i < 2; i++ { // each build finds the link of the one before
		got, err := b.prepare()
		if err != nil {
			t.Fatal(err)
		}

		if want := filepath.Join(b.work, "gopath/src/example.com/app"); got.dir != want {
			t.Errorf("go runs in %s", got.dir)
		}
		if _, err := os.Stat(filepath.Join(got.dir, "main.go")); err != nil {
			t.Error(err)
		}
	}
}

func TestACacheThatCannotBeWrittenToIsCopied(t *testing.T) {
	b := aBuilder(t, `{}`)
	image := b.cache
	// A folder in the place of the file that is written: so a superuser cannot write it either.
	put(t, image, "trim.txt/here", "")

	if err := b.openCache(); err != nil {
		t.Fatal(err)
	}

	text, err := os.ReadFile(filepath.Join(b.cache, "00/entry-d"))
	if b.cache == image || err != nil || string(text) != "kept" {
		t.Errorf("%s holds %q: %v", b.cache, text, err)
	}
}

func TestTheProgramOfTheImageStartsUntilOneIsBuilt(t *testing.T) {
	b := aBuilder(t, `{}`)
	image := []string{"/layers/bin/web", "--moon"}

	if got := b.command(image); !reflect.DeepEqual(got, image) {
		t.Errorf("%v starts", got)
	}
	put(t, b.work, "bin/web", "")
	if got := b.command(image); !reflect.DeepEqual(got, []string{b.work + "/bin/web", "--moon"}) {
		t.Errorf("%v starts", got)
	}
}

func TestUnderAnotherWatcherTheWorkIsFoundAgain(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	given := options{once: true, recipe: "recipe.json", command: []string{"web"}}

	first, err := workFolder(given)
	if err != nil {
		t.Fatal(err)
	}
	second, err := workFolder(given)
	if err != nil || first != second {
		t.Errorf("%s and %s: %v", first, second, err)
	}
	given.command = []string{"job"}
	if other, err := workFolder(given); err != nil || other == first {
		t.Errorf("two programs share %s: %v", other, err)
	}
}

func TestAWorkFolderOfAnotherKindIsRefused(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	given := options{once: true, recipe: "recipe.json", command: []string{"web"}}
	path, err := workFolder(given)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), path); err != nil {
		t.Fatal(err)
	}

	if _, err := workFolder(given); err == nil {
		t.Error("a link is taken for the folder")
	}
}

func TestARecipeThatCannotBeReadIsRefused(t *testing.T) {
	root := t.TempDir()
	given := options{recipe: put(t, root, "recipe.json", "{"), command: []string{"web"}}

	if _, err := newBuilder(given); err == nil {
		t.Error("{ is taken for a recipe")
	}
}
