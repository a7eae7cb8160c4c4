package mongo

import (
	"context"
	"log/slog"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	// trimFactor times MaxView is how long commits keep their changes after they
	// were applied: Views that began before need them, also in other processes.
	trimFactor = 12
	// trimBatch is how many commits lose their changes at once.
	trimBatch = 256
	// markEvery is how far apart marks are.
	markEvery = time.Second
)

// mark says that the commits up to n were applied when the clock of this
// process, which is compared with no other one, said so.
type mark struct {
	n  int64
	at time.Time
}

// trim takes the changes from commits that were applied long ago: their entries
// stay, and their number, which nobody can use again. How far that is, the
// collection labs has: what one process leaves, the next one goes on with.
func (a *applier) trim(l *lab) {
	now := time.Now()
	if last := len(a.marks) - 1; last < 0 || now.Sub(a.marks[last].at) >= markEvery {
		a.marks = append(a.marks, mark{l.watermark(), now})
	}
	if now.Sub(a.marks[0].at) < trimFactor*l.s.opts.MaxView {
		return
	}
	done, err := l.s.trim(l, a.marks[0].n)
	if err != nil {
		l.s.log.say(slog.LevelWarn, "store could not trim commits", "lab", l.id, "err", err)
	}
	if done {
		a.marks = a.marks[1:]
	}
}

// trim trims some of the commits up to n, and says whether these were the last.
func (s *Store) trim(l *lab, n int64) (bool, error) {
	ctx, cancel := context.WithTimeoutCause(s.life, s.opts.Timeout, errNoAnswer)
	defer cancel()
	w, err := s.watermarks(ctx, l.id)
	if err != nil {
		return false, err
	}
	upTo := min(n, w.Trimmed+trimBatch)
	var ids bson.A
	for i := w.Trimmed + 1; i <= upTo; i++ {
		ids = append(ids, commitID(l.id, i))
	}
	if len(ids) == 0 {
		return true, nil
	}
	if _, err := s.commits.UpdateMany(ctx, in(l.id, ids), bson.D{{Key: "$unset", Value: bson.D{{Key: "changes", Value: ""}}}}); err != nil {
		return false, engineError(ctx, "trimming commits", err)
	}
	_, err = s.labs.UpdateOne(ctx, labFilter(l.id), bson.D{{Key: "$max", Value: bson.D{{Key: "trimmed", Value: upTo}}}})
	return upTo == n, engineError(ctx, "moving the mark of what is trimmed", err)
}
