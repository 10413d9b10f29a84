package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// supervisor runs the program, and builds and restarts it after a change. All that happens comes
// to one loop, so nothing happens at the same time but the build and the program themselves.
type supervisor struct {
	given   options
	source  *tree
	builder *builder
	name    string // of the program

	program  *child           // nil while it does not run
	build    *child           // nil while there is none
	again    bool             // a change came during the build
	starting bool             // to be started once it has ended
	stopping syscall.Signal   // what ended this process, 0 before
	grace    <-chan time.Time // when a program that is to end is killed
}

func newSupervisor(given options, source *tree, made *builder) *supervisor {
	return &supervisor{given: given, source: source, builder: made, name: made.name}
}

// run returns the status to exit with.
func (s *supervisor) run() int {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT,
		syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	changes := make(chan string)
	first := s.source.look()
	if first.newerThan(s.given.command[0]) {
		s.changed("the source is newer than " + s.name)
	}
	if s.build == nil {
		s.start()
	}
	go s.source.watch(first, changes)
	for {
		select {
		case what := <-changes:
			s.changed(what)
		case <-s.grace:
			s.program.killGroup()
		case received := <-signals:
			if status, over := s.received(received.(syscall.Signal)); over {
				return status
			}
		}
	}
}

// changed starts a build, or has the one under way followed by another.
func (s *supervisor) changed(what string) {
	if s.build != nil {
		s.again = true
		return
	}
	say("%s; building", what)
	command, err := s.builder.prepare()
	if err == nil {
		s.build, err = start(command)
	}
	if err != nil {
		say("%v", err)
	}
}

// received answers a signal; over says that this process is to end with a status.
func (s *supervisor) received(sent syscall.Signal) (status int, over bool) {
	switch sent {
	case syscall.SIGCHLD:
		return s.reaped(reap())
	case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM:
		s.stopping = sent
		if s.build != nil {
			s.build.killGroup()
		}
		if s.program == nil {
			return 128 + int(sent), true
		}
	}
	if s.program != nil {
		s.program.signal(sent)
	}
	return 0, false
}

func (s *supervisor) reaped(ended map[int]syscall.WaitStatus) (status int, over bool) {
	if s.build != nil {
		if how, there := ended[s.build.pid]; there {
			s.built(how)
		}
	}
	if s.program != nil {
		if how, there := ended[s.program.pid]; there {
			return s.programEnded(how)
		}
	}
	return 0, false
}

// built has the program restarted if it was built, and not to be built again.
func (s *supervisor) built(how syscall.WaitStatus) {
	s.build = nil
	err := buildError(how)
	switch {
	case s.stopping != 0:
	case s.again:
		s.again = false
		s.changed("there were more changes")
	case err == nil:
		s.restart()
	case s.program == nil:
		say("%v; starting the program of before", err)
		s.start()
	default:
		say("%v; %s goes on as it is", err, s.name)
	}
}

// restart asks the program to end, or starts it where it has ended.
func (s *supervisor) restart() {
	if s.program == nil {
		s.start()
		return
	}
	s.starting = true
	s.program.signal(syscall.SIGTERM)
	s.grace = time.After(gracePeriod)
}

func (s *supervisor) start() {
	command := command{argv: s.builder.command(s.given.command), env: os.Environ()}
	started, err := start(command)
	if err != nil {
		say("%v; waiting for a change", err)
		return
	}
	s.program = started
	say("%s started", s.name)
}

// programEnded starts the program anew where that is why it ended; else a change is waited for.
func (s *supervisor) programEnded(how syscall.WaitStatus) (status int, over bool) {
	s.program.killGroup()
	s.program, s.grace = nil, nil
	if s.stopping != 0 {
		return exitStatus(how), true
	}
	if s.starting {
		s.starting = false
		s.start()
		return 0, false
	}
	say("%s ended with status %d; waiting for a change", s.name, exitStatus(how))
	return 0, false
}
