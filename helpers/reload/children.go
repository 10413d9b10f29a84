package main

import (
	"os"
	"syscall"
)

// command is a program to start, with all that it gets.
type command struct {
	argv []string
	dir  string // "" for that of this process
	env  []string
}

// child is a process of ours, the leader of a group of its own.
type child struct {
	pid int
}

// start starts a command; it gets the three standard files of this process.
//
// Not os/exec: as process 1 this one must also wait for orphans, and waiting for any child would
// take the end of the others from os/exec.
func start(c command) (*child, error) {
	pid, err := syscall.ForkExec(c.argv[0], c.argv, &syscall.ProcAttr{
		Dir:   c.dir,
		Env:   c.env,
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return nil, &os.PathError{Op: "start", Path: c.argv[0], Err: err}
	}
	return &child{pid: pid}, nil
}

// wait waits for this child alone.
func (c *child) wait() syscall.WaitStatus {
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(c.pid, &status, 0, nil); err != syscall.EINTR {
			return status
		}
	}
}

// signal sends a signal to the child, as its parent would.
func (c *child) signal(sent syscall.Signal) {
	_ = syscall.Kill(c.pid, sent) // it may have ended
}

// killGroup ends at once whatever is left of the child and of those that it started.
func (c *child) killGroup() {
	_ = syscall.Kill(-c.pid, syscall.SIGKILL)
}

// reap waits for every child that has ended, orphans included, and returns how each of them ended.
func reap() map[int]syscall.WaitStatus {
	ended := map[int]syscall.WaitStatus{}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return ended
		}
		ended[pid] = status
	}
}

// exitStatus returns the status that a shell gives: 128 and the signal's number after a signal.
func exitStatus(ended syscall.WaitStatus) int {
	if ended.Signaled() {
		return 128 + int(ended.Signal())
	}
	return ended.ExitStatus()
}
