package job_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ricircolo/ricircolo/internal/report/job"
)

func write(text string) job.Work {
	return func(_ context.Context, w io.Writer, progress func(int, int)) error {
		progress(1, 2)
		_, err := io.WriteString(w, text)
		return err
	}
}

// untilCancelled waits for the end of its context.
func untilCancelled(ctx context.Context, _ io.Writer, progress func(int, int)) error {
	progress(3, 40)
	<-ctx.Done()
	return ctx.Err()
}

func start(t *testing.T, r *job.Runner, owner string, w job.Work) job.Status {
	t.Helper()
	s, err := r.Start(owner, job.File{Name: "report.pdf", ContentType: "application/pdf"}, w)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	return s
}

func status(t *testing.T, r *job.Runner, owner, id string) job.Status {
	t.Helper()
	s, ok := r.Status(owner, id)
	if !ok {
		t.Fatalf("job %s of %s is not there", id, owner)
	}
	return s
}

func TestFileIsMadeAndFetchedUntilItsLinkExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := job.NewRunner(job.Config{Keep: 10 * time.Minute})
		defer r.Close()
		id := start(t, r, "a", write("hello")).ID
		synctest.Wait()
		s := status(t, r, "a", id)
		if s.State != job.Done || s.Bytes != 5 || s.Done != 1 || s.Total != 2 {
			t.Fatalf("got %+v, want it done", s)
		}
		for range 2 { // as often as wanted
			f, body, ok := r.Fetch(s.Token)
			if !ok || string(body) != "hello" || f.ContentType != "application/pdf" {
				t.Fatalf("got %q, %v, want the file", body, ok)
			}
		}
		if s.ExpiresAt.Time().Sub(s.CreatedAt.Time()) != 10*time.Minute {
			t.Errorf("expires %s, made %s", s.ExpiresAt, s.CreatedAt)
		}
		time.Sleep(10*time.Minute - time.Nanosecond)
		if _, _, ok := r.Fetch(s.Token); !ok {
			t.Error("the link ended before its time")
		}
		time.Sleep(time.Nanosecond)
		if _, _, ok := r.Fetch(s.Token); ok {
			t.Error("the link works after it has expired")
		}
		if _, ok := r.Status("a", id); ok {
			t.Error("the job is still there")
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := job.NewRunner(job.Config{})
		defer r.Close()
		id := start(t, r, "a", untilCancelled).ID
		synctest.Wait()
		if s := status(t, r, "a", id); s.State != job.Running || s.Done != 3 || s.Total != 40 {
			t.Fatalf("got %+v, want it running, 3 of 40", s)
		}
		if r.Cancel("b", id) {
			t.Error("another owner cancelled it")
		}
		if !r.Cancel("a", id) {
			t.Error("its owner can't cancel it")
		}
		synctest.Wait()
		if s := status(t, r, "a", id); s.State != job.Cancelled || s.Token != "" {
			t.Errorf("got %+v, want it cancelled and without a link", s)
		}
	})
}

func TestOthersSeeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := job.NewRunner(job.Config{})
		defer r.Close()
		id := start(t, r, "a", write("x")).ID
		synctest.Wait()
		if _, ok := r.Status("b", id); ok {
			t.Error("another owner sees the job")
		}
		for _, token := range []string{"", "x", id} {
			if _, _, ok := r.Fetch(token); ok {
				t.Errorf("token %q fetched a file", token)
			}
		}
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := job.NewRunner(job.Config{Workers: 1, MaxJobs: 3, PerOwner: 2, MaxBytes: 4, Limit: time.Minute})
		defer r.Close()
		start(t, r, "a", untilCancelled)
		synctest.Wait() // the only worker is at it
		waiting := start(t, r, "a", write("abc")).ID
		synctest.Wait()
		if s := status(t, r, "a", waiting); s.State != job.Waiting {
			t.Errorf("got %s, want it to wait for the only worker", s.State)
		}
		if _, err := r.Start("a", job.File{}, write("")); !errors.Is(err, job.ErrOwner) {
			t.Errorf("third of one owner: got %v, want ErrOwner", err)
		}
		big := start(t, r, "b", write("abcde")).ID
		if _, err := r.Start("c", job.File{}, write("")); !errors.Is(err, job.ErrFull) {
			t.Errorf("fourth of all: got %v, want ErrFull", err)
		}
		time.Sleep(time.Minute) // the first runs out of time, as do those that waited
		synctest.Wait()
		if s := status(t, r, "b", big); s.State != job.Failed {
			t.Errorf("got %s, want it failed", s.State)
		}
	})
}

func TestTooLargeAndPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := job.NewRunner(job.Config{MaxBytes: 4})
		defer r.Close()
		big := start(t, r, "a", write("abcde")).ID
		broken := start(t, r, "a", func(context.Context, io.Writer, func(int, int)) error { panic("no") }).ID
		synctest.Wait()
		if s := status(t, r, "a", big); s.State != job.Failed || !errors.Is(s.Err, job.ErrTooLarge) {
			t.Errorf("got %+v, want ErrTooLarge", s)
		}
		if s := status(t, r, "a", broken); s.State != job.Failed || fmt.Sprint(s.Err) != "panic: no" {
			t.Errorf("got %+v, want the panic as an error", s)
		}
	})
}

func TestCloseCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := job.NewRunner(job.Config{})
		start(t, r, "a", untilCancelled)
		synctest.Wait()
		r.Close() // returns
		if _, err := r.Start("a", job.File{}, write("")); !errors.Is(err, job.ErrFull) {
			t.Errorf("after Close: got %v, want ErrFull", err)
		}
	})
}
