"""Small Go apps that tests build: a server that tells what it sees, and the modules it may use."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from integration.by_hand import go_env
from integration.creator import put_files

SERVER = """package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
)

var variable = "not set"

func main() {
	world := "World"
	if len(os.Args) > 1 {
		world = os.Args[1]
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		files := []string{}
		filepath.WalkDir("/workspace", func(path string, entry os.DirEntry, _ error) error {
			if path != "/workspace" {
				files = append(files, path)
			}
			return nil
		})
		fmt.Fprintf(w, "Hello, %s!\\n", world)
		fmt.Fprintf(w, "variable: %s\\n", variable)
		fmt.Fprintf(w, "workspace: %v\\n", files)
		fmt.Fprintf(w, "revision: %s\\n", os.Getenv("REVISION"))
		fmt.Fprintf(w, "setting: %s\\n", os.Getenv("SOME_VARIABLE"))
		fmt.Fprintf(w, "go: %s\\n", runtime.Version())
	})
	if err := http.ListenAndServe(":"+os.Getenv("PORT"), nil); err != nil {
		panic(err)
	}
}
"""
HELLO = 'package main\n\nfunc main() { println("hello") }\n'
MODULE = "module example.com/team/app\n\ngo 1.26\n"


def hello(word: str) -> str:
    """Return a program that prints one word."""
    return HELLO.replace("hello", word)


def using(*imports: str) -> str:
    """Return a file of package main that links these packages."""
    lines = "".join(f'import _ "{path}"\n' for path in imports)
    return f"package main\n\n{lines}"


def make_app(root: Path, files: Mapping[str, str]) -> Path:
    """Write an app of these files; what was there before goes."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    put_files(root, files)
    return root


def require(app: Path, *modules: str) -> Path:
    """Add modules (``path@version``) to the app's go.mod and go.sum; skip where none is served."""
    for argv in (["go", "get", *modules], ["go", "mod", "tidy"]):
        env = {
            "PATH": f"{go_env('GOROOT')}/bin:/usr/bin:/bin",
            "HOME": str(Path.home()),
            "GOFLAGS": "-mod=mod",
            "GOPROXY": go_env("GOPROXY"),
            "GOTOOLCHAIN": "local",
        }
        done = subprocess.run(
            argv, cwd=app, env=env, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode != 0:
            pytest.skip(f"{' '.join(argv)}: {done.stderr[-500:]}")
    return app
