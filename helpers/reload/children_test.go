package main

import (
	"os"
	"testing"
)

func TestAChildEndsWithTheStatusThatAShellWouldGive(t *testing.T) {
	for script, want := range map[string]int{"exit 3": 3, "exit 0": 0, "kill -KILL $$": 137} {
		started, err := start(command{argv: []string{"/bin/sh", "-c", script}, env: os.Environ()})
		if err != nil {
			t.Fatal(err)
		}

		if got := exitStatus(started.wait()); got != want {
			t.Errorf("%s ended with status %d", script, got)
		}
	}
}

func TestAProgramThatCannotStartIsNamed(t *testing.T) {
	_, err := start(command{argv: []string{"/no/such/program"}})

	if err == nil || err.Error() != "start /no/such/program: no such file or directory" {
		t.Errorf("the error is %v", err)
	}
}

func TestACommandLineThatLacksSomethingIsRefused(t *testing.T) {
	for _, arguments := range [][]string{
		{}, {"-recipe", "r", "program"}, {"-recipe", "r", "-cache", "c"}, {"-unknown"},
	} {
		if status := run(arguments); status != usage {
			t.Errorf("%v ends with status %d", arguments, status)
		}
	}
}
