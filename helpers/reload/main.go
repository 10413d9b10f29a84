// Command reload keeps a Go app running while its source is edited in the image: it watches the
// app's folder, rebuilds with the go of the image and restarts the program.
//
//	reload -app DIR -recipe FILE -cache DIR [-once] PROGRAM [ARGUMENT...]
//
// PROGRAM is the program of the image; it runs until a rebuild has made a newer one. A build that
// fails leaves the running program alone. With -once it rebuilds if it must and becomes the
// program, for another watcher to restart. It needs no shell and writes to TMPDIR only, besides
// a cache that it may write to.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	failed      = 1
	usage       = 2
	ignoredEnv  = "BPL_LIVE_RELOAD_IGNORE"
	pause       = 500 * time.Millisecond
	quiet       = 200 * time.Millisecond
	gracePeriod = 10 * time.Second
)

type options struct {
	app, recipe, cache string
	once               bool
	command            []string // the image's program and its arguments
}

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	given, err := parse(arguments)
	if err != nil {
		return usage // the flag package has said why
	}
	source, err := newTree(given.app, os.Getenv(ignoredEnv))
	if err != nil {
		return fail(err)
	}
	made, err := newBuilder(given)
	if err != nil {
		return fail(err)
	}
	if given.once {
		return fail(runOnce(given, source, made))
	}
	defer os.RemoveAll(made.work)
	return newSupervisor(given, source, made).run()
}

func parse(arguments []string) (options, error) {
	var given options
	flags := flag.NewFlagSet("reload", flag.ContinueOnError)
	flags.StringVar(&given.app, "app", ".", "folder of the app's source")
	flags.StringVar(&given.recipe, "recipe", "", "file that says how to build")
	flags.StringVar(&given.cache, "cache", "", "go's compile cache")
	flags.BoolVar(&given.once, "once", false, "rebuild if needed, then become the program")
	if err := flags.Parse(arguments); err != nil {
		return given, err
	}
	given.command = flags.Args()
	if absolute, err := filepath.Abs(given.app); err == nil {
		given.app = absolute
	}
	if given.recipe == "" || given.cache == "" || len(given.command) == 0 {
		err := fmt.Errorf("-recipe, -cache and a program are needed")
		fail(err)
		return given, err
	}
	return given, nil
}

// runOnce rebuilds if the source is newer than the image's program, and becomes the newest program
// there is. It returns only if it cannot.
func runOnce(given options, source *tree, made *builder) error {
	now := source.look()
	if now.newerThan(given.command[0]) {
		say("the source is newer than %s; building", filepath.Base(given.command[0]))
		if err := made.run(); err != nil {
			say("%v; starting the program of before", err)
		}
	}
	command := made.command(given.command)
	return syscall.Exec(command[0], command, os.Environ())
}

func say(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, "reload: "+format+"\n", values...)
}

func fail(err error) int {
	say("%v", err)
	return failed
}
