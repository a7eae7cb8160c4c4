//go:build unix

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/calendar"
	"github.com/ricircolo/ricircolo/internal/quantity"
	"github.com/ricircolo/ricircolo/internal/tracking"
)

// client speaks to a server as one person.
type client struct {
	url   string
	token string // none before signing in
}

// connections are shared by all clients and kept open, as phones do.
var connections = &http.Client{
	Timeout:   10 * time.Second,
	Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 20 * time.Second},
}

// refusal is an answer that is no success.
type refusal struct {
	Status     int    `json:"status"`
	Code       string `json:"code"`
	Detail     string `json:"detail"`
	retryAfter time.Duration
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// call sends a request with a JSON body, if there is one, and decodes the
// answer. What is no success is a *refusal; any other error says nothing about
// what the server did.
func (c client) call(ctx context.Context, method, path string, body, answer any) error {
	raw := []byte(nil)
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := connections.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		refused := &refusal{Status: response.StatusCode}
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After")) // absent: 0
		refused.retryAfter = time.Duration(seconds) * time.Second
		return errors.Join(refused, json.Unmarshal(text, refused))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// patiently calls again for as long as the server asks to come back.
func (c client) patiently(ctx context.Context, method, path string, body, answer any) error {
	for {
		err := c.call(ctx, method, path, body, answer)
		refused := (*refusal)(nil)
		if !errors.As(err, &refused) || refused.Status != http.StatusTooManyRequests && refused.Status != http.StatusServiceUnavailable {
			return err
		}
		select {
		case <-time.After(refused.retryAfter): // the server says how long
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// record posts one entry.
func (c client) record(ctx context.Context, sub tracking.Submission) (result tracking.Result, err error) {
	err = c.call(ctx, http.MethodPost, "/api/v1/entries", sub, &result)
	return result, err
}

// sync posts entries as a phone does that was offline.
func (c client) sync(ctx context.Context, subs ...tracking.Submission) ([]tracking.Result, error) {
	var answer struct{ Results []tracking.Result }
	err := c.patiently(ctx, http.MethodPost, "/api/v1/entries/sync", map[string]any{
		"sentAt": calendar.At(time.Now()), "entries": subs,
	}, &answer)
	if err == nil && len(answer.Results) != len(subs) {
		err = fmt.Errorf("got %d answers to %d entries", len(answer.Results), len(subs))
	}
	return answer.Results, err
}

// mustCall makes a call that must succeed.
func (c client) mustCall(tb testing.TB, method, path string, body, answer any) {
	tb.Helper()
	if err := c.patiently(tb.Context(), method, path, body, answer); err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
}

// mustCreate posts a new document and returns its id.
func (c client) mustCreate(tb testing.TB, path string, body any) string {
	tb.Helper()
	var created struct{ ID string }
	c.mustCall(tb, http.MethodPost, path, body, &created)
	return created.ID
}

// mustApply records entries that must all be applied, up to 200.
func (c client) mustApply(tb testing.TB, subs ...tracking.Submission) []tracking.Result {
	tb.Helper()
	results, err := c.sync(tb.Context(), subs...)
	if err != nil {
		tb.Fatalf("recording %d entries: %v", len(subs), err)
	}
	for i, r := range results {
		if r.Status != tracking.ResultApplied && r.Status != tracking.ResultWarning {
			tb.Fatalf("%s: got %s %+v, want applied", subs[i].Type, r.Status, r.Outcome)
		}
	}
	return results
}

const testPassword = "una frase lunga per i test"

// mustSignIn signs in with the password of everybody here.
func mustSignIn(tb testing.TB, url, email string) client {
	tb.Helper()
	c := client{url: url}
	var tokens struct{ AccessToken string }
	c.mustCall(tb, http.MethodPost, "/api/v1/auth/login", map[string]any{"email": email, "password": testPassword}, &tokens)
	c.token = tokens.AccessToken
	return c
}

// submission makes an entry of now, as a device does.
func submission(typ tracking.Type, body tracking.Body) tracking.Submission {
	return submissionAt(time.Now(), typ, body)
}

func submissionAt(at time.Time, typ tracking.Type, body tracking.Body) tracking.Submission {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // of a type that we know
	}
	return tracking.Submission{ID: uuid.Must(uuid.NewV7()).String(), Type: typ, OccurredAt: calendar.At(at).String(), Body: raw}
}

// closing closes what a bin holds. Without passing the sorting question it is
// diverted, so that the next closing may follow.
func closing(bin string, net quantity.Mass, passed bool) tracking.Submission {
	return submission("fill.close", tracking.Body{
		Bin: bin, Measurement: &tracking.Measurement{NetGrams: net},
		Sorting: &tracking.Sorting{NotHazardous: true, NotContaminated: passed, NotIsolation: true},
	})
}

// lab is a data folder with a lab in it that has one of everything, people of
// each role who are signed in, and bins.
type lab struct {
	site
	facility, ward, stream, recycler, pickup string
	bins                                     []string
	tokens                                   map[access.Role]string
}

// as is a client of a server on a copy of the lab.
func (l *lab) as(p *process, role access.Role) client { return client{p.url, l.tokens[role]} }

// mustLab copies the lab that all tests begin with.
func mustLab(tb testing.TB) *lab {
	tb.Helper()
	return mustLabOn(tb, newFolder)
}

// mustLabOn copies it to a site of some engine.
func mustLabOn(tb testing.TB, newSite func(testing.TB) site) *lab {
	tb.Helper()
	theLab.once.Do(func() { theLab.lab = makeLab(tb) })
	if theLab.lab == nil {
		tb.Fatal("there is no lab to copy: see the first test that failed")
	}
	l := *theLab.lab
	l.site = l.site.copy(tb, newSite)
	return &l
}

var theLab struct {
	once sync.Once
	lab  *lab
}

// makeLab makes a lab from nothing, by the console and then by the API.
func makeLab(tb testing.TB) *lab {
	tb.Helper()
	folder, err := testFolder()
	if err != nil {
		tb.Fatal(err)
	}
	l := &lab{site: site{dir: filepath.Join(folder, "lab")}, tokens: map[access.Role]string{}}
	printed, code := programReading(tb, testPassword+"\n", "user", "create", "--data", l.dir,
		"--email", "coordinator@lab.example", "--name", "Coordinator", "--password-file", "-")
	if code != 0 {
		tb.Fatalf("making the first coordinator: %s", printed)
	}
	p := mustServe(tb, l.dir)
	coordinator := mustSignIn(tb, p.url, "coordinator@lab.example")
	l.furnish(tb, coordinator)
	l.tokens[access.Coordinator] = coordinator.token
	for _, role := range []access.Role{access.Ward, access.Driver} {
		m := map[string]any{"role": role}
		if role == access.Ward {
			m["facility"], m["ward"] = l.facility, l.ward
		} else {
			m["recycler"] = l.recycler
		}
		email := string(role) + "@lab.example"
		coordinator.mustCreate(tb, "/api/v1/users", map[string]any{
			"email": email, "name": string(role), "password": testPassword, "memberships": []any{m},
		})
		l.tokens[role] = mustSignIn(tb, p.url, email).token
	}
	p.mustStop(tb)
	return l
}

// furnish makes the catalogue, 64 bins and a pickup of today.
func (l *lab) furnish(tb testing.TB, c client) {
	tb.Helper()
	l.facility = c.mustCreate(tb, "/api/v1/facilities", map[string]any{"name": "Ospedale"})
	l.ward = c.mustCreate(tb, "/api/v1/wards", map[string]any{"facility": l.facility, "name": "Dialisi"})
	l.recycler = c.mustCreate(tb, "/api/v1/recyclers", map[string]any{"name": "Riciclatore"})
	l.stream = c.mustCreate(tb, "/api/v1/streams", map[string]any{
		"name": "Bottles", "nameIt": "Flaconi", "family": "fossil", "eer": "15 01 02", "gramsPerLitre": 30,
		"accepts": []string{"bottles"}, "acceptsIt": []string{"flaconi"}, "refuses": []string{"sharps"}, "refusesIt": []string{"taglienti"},
	})
	tare := 2 * quantity.Kilogram
	registrations := make([]tracking.Submission, 64)
	for i := range registrations {
		registrations[i] = submission("bin.register", tracking.Body{
			Facility: l.facility, Ward: l.ward, Stream: l.stream, VolumeLitres: 120, TareGrams: &tare, Name: fmt.Sprint("Contenitore ", i),
		})
	}
	for _, r := range c.mustApply(tb, registrations...) {
		l.bins = append(l.bins, r.ID)
	}
	l.pickup = c.mustApply(tb, submission("pickup.plan", tracking.Body{
		Facility: l.facility, Recycler: l.recycler, PlannedFor: time.Now().Format(time.DateOnly),
	}))[0].ID
}

// head is where the ledger stands.
func (c client) head(ctx context.Context) (int64, error) {
	var status struct{ Lab struct{ Head int64 } }
	err := c.call(ctx, http.MethodGet, "/api/v1/status", nil, &status)
	return status.Lab.Head, err
}

func TestTheProgram(t *testing.T) {
	l := mustLab(t)
	p := mustServe(t, l.dir)
	ward := l.as(p, access.Ward)
	sub := closing(l.bins[0], 1500, true)
	first := ward.mustApply(t, sub)[0]
	again, err := ward.record(t.Context(), sub)
	if err != nil || again.Status != tracking.ResultDuplicate || again.Seq != first.Seq {
		t.Errorf("the same entry again: got %+v, %v, want a duplicate of %d", again, err, first.Seq)
	}
	sub.OccurredAt = calendar.At(time.Now().Add(-time.Hour)).String()
	_, err = ward.record(t.Context(), sub)
	if refused := (*refusal)(nil); !errors.As(err, &refused) || refused.Status != http.StatusConflict || refused.Code != "entry-id-reused" {
		t.Errorf("the same id with another content: got %v, want 409 entry-id-reused", err)
	}
	p.mustStop(t)
	t.Logf("ready %v after exec; %s", p.started.Round(time.Millisecond), cmp.Or(mustProgram(t, "verify", "--data", l.dir), "verify says nothing"))
}
