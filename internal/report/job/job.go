// Package job owns files that take a while to make: each is made in the
// background, can be watched and cancelled, and can be fetched by a link until
// the link expires. Nothing survives the process: what is lost is made again.
package job

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ricircolo/ricircolo/internal/calendar"
)

// Config bounds a Runner. Zero values are replaced by the defaults.
type Config struct {
	Workers  int           // jobs that run at a time; 2
	MaxJobs  int           // jobs that are kept, made or not; 64
	PerOwner int           // jobs of one owner that are not made yet; 4
	MaxBytes int64         // of one file; 32 MiB
	Keep     time.Duration // how long a file can be fetched; 10 minutes
	Limit    time.Duration // how long a job may take; 5 minutes
}

func (c Config) withDefaults() Config {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.Workers, 2)
	set(&c.MaxJobs, 64)
	set(&c.PerOwner, 4)
	if c.MaxBytes == 0 {
		c.MaxBytes = 32 << 20
	}
	if c.Keep == 0 {
		c.Keep = 10 * time.Minute
	}
	if c.Limit == 0 {
		c.Limit = 5 * time.Minute
	}
	return c
}

// State is where a job is in its life.
type State string

// The states. The last three are final.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// The errors of Start and of files.
var (
	ErrFull     = errors.New("too many jobs")
	ErrOwner    = errors.New("too many jobs of this owner")
	ErrTooLarge = errors.New("the file is too large")
)

// File says what is made.
type File struct {
	Name        string // for the one who saves it
	ContentType string
}

// Status is how a job stands.
type Status struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	State     State            `json:"state"`
	Done      int              `json:"done"`  // of Total, in pages or whatever the work counts
	Total     int              `json:"total"` // 0: not known yet
	CreatedAt calendar.Instant `json:"createdAt"`
	Token     string           `json:"-"` // of the link, once it is Done
	ExpiresAt calendar.Instant `json:"expiresAt,omitzero"`
	Bytes     int              `json:"bytes,omitempty"`
	Err       error            `json:"-"` // with Failed
}

// Work makes a file. It stops when the context ends.
type Work func(ctx context.Context, w io.Writer, progress func(done, total int)) error

// Runner runs jobs. Close it at the end.
type Runner struct {
	config Config
	slots  chan struct{}
	ctx    context.Context
	stop   context.CancelFunc
	group  sync.WaitGroup

	mu   sync.Mutex
	jobs map[string]*entry // by id
}

// entry is a job; mu of its Runner protects it.
type entry struct {
	owner  string
	file   File
	status Status
	cancel context.CancelFunc
	body   []byte
	gone   time.Time // when it is forgotten; zero while it is made
}

// NewRunner starts a runner.
func NewRunner(c Config) *Runner {
	c = c.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	return &Runner{config: c, slots: make(chan struct{}, c.Workers), ctx: ctx, stop: stop, jobs: map[string]*entry{}}
}

// Close cancels all jobs and waits for them.
func (r *Runner) Close() {
	r.stop()
	r.group.Wait()
}

// Start begins a job for an owner. It returns ErrFull or ErrOwner if there is
// no room.
func (r *Runner) Start(owner string, f File, work Work) (Status, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	if len(r.jobs) >= r.config.MaxJobs || r.ctx.Err() != nil {
		return Status{}, ErrFull
	}
	active := 0
	for _, e := range r.jobs {
		if e.owner == owner && e.gone.IsZero() {
			active++
		}
	}
	if active >= r.config.PerOwner {
		return Status{}, ErrOwner
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.config.Limit)
	e := &entry{owner: owner, file: f, cancel: cancel, status: Status{
		ID: rand.Text(), Name: f.Name, State: Waiting, CreatedAt: calendar.At(time.Now()),
	}}
	r.jobs[e.status.ID] = e
	r.group.Go(func() { r.run(ctx, e, work) })
	return e.status, nil
}

// run waits for a slot, does the work, and keeps what came of it.
func (r *Runner) run(ctx context.Context, e *entry, work Work) {
	defer e.cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		r.finish(e, nil, ctx.Err())
		return
	}
	r.mu.Lock()
	e.status.State = Running
	r.mu.Unlock()
	out := &limited{max: r.config.MaxBytes}
	err := protect(func() error { return work(ctx, out, func(done, total int) { r.progress(e, done, total) }) })
	if err == nil {
		err = ctx.Err()
	}
	r.finish(e, out.buffer.Bytes(), err)
}

func (r *Runner) progress(e *entry, done, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.status.Done, e.status.Total = done, total
}

// protect turns a panic into an error: a file that can't be made must not end
// the server.
func protect(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return work()
}

func (r *Runner) finish(e *entry, body []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.gone = time.Now().Add(r.config.Keep)
	s := &e.status
	s.ExpiresAt = calendar.At(e.gone)
	switch {
	case err == nil:
		s.State, s.Token, s.Bytes, e.body = Done, rand.Text()+rand.Text(), len(body), body
	case errors.Is(err, context.Canceled):
		s.State = Cancelled
	default:
		s.State, s.Err = Failed, err
	}
}

// Status returns how an owner's job stands.
func (r *Runner) Status(owner, id string) (Status, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	e := r.jobs[id]
	if e == nil || e.owner != owner {
		return Status{}, false
	}
	return e.status, true
}

// Cancel ends an owner's job, or forgets its file. It reports whether there
// was one.
func (r *Runner) Cancel(owner, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	e := r.jobs[id]
	if e == nil || e.owner != owner {
		return false
	}
	e.cancel()
	if !e.gone.IsZero() {
		delete(r.jobs, id)
	}
	return true
}

// Fetch returns the file of a link, as often as wanted until it expires. The
// token is 260 random bits, so that looking it up tells nobody anything.
func (r *Runner) Fetch(token string) (File, []byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	for _, e := range r.jobs {
		if e.status.State == Done && e.status.Token == token {
			return e.file, e.body, true
		}
	}
	return File{}, nil, false
}

// sweep forgets what has expired.
func (r *Runner) sweep() {
	now := time.Now()
	for id, e := range r.jobs {
		if !e.gone.IsZero() && !now.Before(e.gone) {
			delete(r.jobs, id)
		}
	}
}

// limited is a file in memory that may not grow beyond a bound.
type limited struct {
	buffer bytes.Buffer
	max    int64
}

func (l *limited) Write(b []byte) (int, error) {
	if int64(l.buffer.Len())+int64(len(b)) > l.max {
		return 0, ErrTooLarge
	}
	return l.buffer.Write(b)
}
