// Package clock is the one clock of the process. Everything that asks for the
// time asks a Clock, so that tests and drills can move it.
package clock

import (
	"sync"
	"time"
)

// A Clock tells the time: UTC, cut to microseconds, which is what the database
// keeps. It is safe for concurrent use.
type Clock interface {
	Now() time.Time
}

// Real is the machine's clock.
type Real struct{}

// Now is the machine's time.
func (Real) Now() time.Time { return cut(time.Now()) }

// Standing is a clock that stands until somebody moves it.
type Standing struct {
	mu  sync.Mutex
	now time.Time
}

// NewStanding is a clock that stands at t.
func NewStanding(t time.Time) *Standing { return &Standing{now: cut(t)} }

// Now is where the clock stands.
func (s *Standing) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance moves the clock on by d and returns where it stands then. A clock
// does not go back: d below zero moves nothing.
func (s *Standing) Advance(d time.Duration) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d > 0 {
		s.now = cut(s.now.Add(d))
	}
	return s.now
}

// Set puts the clock at t, if t is later than where it stands.
func (s *Standing) Set(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.After(s.now) {
		s.now = cut(t)
	}
}

// Fast is a clock that runs a number of times faster than the machine's: the
// demo lives a day in minutes.
type Fast struct {
	start  time.Time
	born   time.Time
	factor int
}

// NewFast is a clock that shows start now and runs factor times as fast.
func NewFast(start time.Time, factor int) *Fast {
	return &Fast{start: start, born: time.Now(), factor: factor}
}

// Now is the clock's time.
func (f *Fast) Now() time.Time {
	return cut(f.start.Add(time.Since(f.born) * time.Duration(f.factor)))
}

// Factor is how many times faster than the machine's the clock runs.
func (f *Fast) Factor() int { return f.factor }

func cut(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
