// Package store keeps jobs in one JSON file.
package store

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
)

// Job is a piece of work, done or not.
type Job struct {
	Name string `json:"name"`
	Done bool   `json:"done"`
}

// Store is the file that holds the jobs.
type Store struct{ path string }

// Open names the file; it need not exist.
func Open(path string) Store { return Store{path} }

// Migrate makes an empty file unless there is one, and tells whether it did.
func (s Store) Migrate() (bool, error) {
	if _, err := os.Stat(s.path); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, s.write([]Job{})
}

// Jobs returns all jobs, oldest first; no file means no jobs.
func (s Store) Jobs() ([]Job, error) {
	jobs := []Job{}
	data, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return jobs, nil
	}
	if err != nil {
		return nil, err
	}
	return jobs, json.Unmarshal(data, &jobs)
}

// Add appends a job.
func (s Store) Add(name string) error {
	jobs, err := s.Jobs()
	if err != nil {
		return err
	}
	return s.write(append(jobs, Job{Name: name}))
}

// Finish marks every job of this name as done.
func (s Store) Finish(name string) error {
	jobs, err := s.Jobs()
	if err != nil {
		return err
	}
	jobs = slices.Clone(jobs)
	for i := range jobs {
		jobs[i].Done = jobs[i].Done || jobs[i].Name == name
	}
	return s.write(jobs)
}

// write replaces the file at once, so that a reader never sees half of it.
func (s Store) write(jobs []Job) error {
	data, err := json.Marshal(jobs)
	if err != nil {
		return err
	}
	next := s.path + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, s.path)
}
