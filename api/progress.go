package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// patience is how long something may take before it shows how far it is.
const patience = 2 * time.Second

// progress shows on a terminal how far a long run is. Nothing is shown of what
// is over within patience, nor where no person looks on.
type progress struct {
	what    string
	started time.Time
	visible bool
	mu      sync.Mutex
	bar     *progressbar.ProgressBar
}

func newProgress(what string) *progress {
	return &progress{what: what, started: time.Now(), visible: term.IsTerminal(int(os.Stderr.Fd()))}
}

// at tells that done of total steps are done.
func (p *progress) at(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.visible || time.Since(p.started) < patience {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(p.what),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	if total > p.bar.GetMax64() {
		p.bar.ChangeMax64(total)
	}
	_ = p.bar.Set64(done) // a bar that can't be drawn is no reason to stop
}

// share tells the share that is done, 0 … 1.
func (p *progress) share(s float64) { p.at(int64(s*1000), 1000) }

// end takes the bar away.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
