package store

import (
	"path/filepath"
	"testing"
)

func TestAFinishedJobStaysDone(t *testing.T) {
	jobs := Open(filepath.Join(t.TempDir(), "jobs.json"))
	if made, err := jobs.Migrate(); !made || err != nil {
		t.Fatal(made, err)
	}
	if err := jobs.Add("first"); err != nil {
		t.Fatal(err)
	}

	if err := jobs.Finish("first"); err != nil {
		t.Fatal(err)
	}

	all, err := jobs.Jobs()
	if err != nil || len(all) != 1 || !all[0].Done {
		t.Fatal(all, err)
	}
}
