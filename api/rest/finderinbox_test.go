package rest

import (
	"fmt"
	"testing"

	"github.com/ricircolo/ricircolo/internal/access"
	"github.com/ricircolo/ricircolo/internal/finder"
)

func TestInboxOfFinders(t *testing.T) {
	p := mustPeople(t, peopleOptions{authenticator: func(real Authenticator) Authenticator { return eitherAuthenticator{real} }})
	manager, id := p.signedIn(t, access.Manager, "f1")
	_, label := p.mustBin(t, "1")
	_, elsewhere := p.mustBin(t, "2")
	p.mustFinderReport(t, "lab-a", elsewhere)
	path := reportsPath + "/" + p.mustFinderReport(t, "lab-a", label)

	first := manager.Do(t, get, path, nil).Want(t, 200)
	tag := first.Header.Get("ETag")
	manager.Do(t, get, path, nil, "If-None-Match", tag).Want(t, 304)
	manager.Do(t, post, path+"/handle", nil).WantProblem(t, 428, "if-match-missing")
	manager.Do(t, post, path+"/handle", nil, "If-Match", `"v7"`).WantProblem(t, 412, "version-changed")
	manager.Do(t, post, path+"/handle", nil, "If-Match", `"x"`).WantProblem(t, 412, "changed-meanwhile")
	var got reportResponse
	handled := manager.Do(t, post, path+"/handle", nil, "If-Match", tag).Want(t, 200)
	handled.JSON(t, &got)
	if got.State != finder.Handled || got.HandledAt == nil || got.HandledBy != id || got.Note != "una nota" || got.Version != 2 {
		t.Errorf("got %+v, want it handled", got)
	}
	manager.Do(t, post, path+"/erase-note", nil).WantProblem(t, 428, "if-match-missing")
	manager.Do(t, post, path+"/erase-note", nil, "If-Match", tag).WantProblem(t, 412, "version-changed")
	got = reportResponse{}
	manager.Do(t, post, path+"/erase-note", nil, "If-Match", handled.Header.Get("ETag")).Want(t, 200).JSON(t, &got)
	if got.Note != "" || !got.NoteErased || got.ErasedBy != id || got.ErasedAt == nil || got.State != finder.Handled {
		t.Errorf("got %+v, want all but the note", got)
	}

	auditor, _ := p.signedIn(t, access.Auditor, "")
	auditor.Do(t, get, path, nil).Want(t, 200)
	auditor.Do(t, post, path+"/handle", nil, "If-Match", tag).WantProblem(t, 403, "role-not-allowed")
	for query, want := range map[string]int{"": 2, "?state=open": 1, "?state=handled": 1, "?facility=f1": 1, "?facility=f1&state=open": 0, "?facility=f9": 0} {
		if got := mustGetJSON[listing[reportResponse]](t, auditor, reportsPath+query); len(got.Items) != want {
			t.Errorf("%s: got %d reports, want %d", query, len(got.Items), want)
		}
	}
	auditor.Do(t, get, reportsPath+"?state=lost", nil).WantProblem(t, 400, "query-invalid")
	auditor.Do(t, get, reportsPath+"?cursor=x", nil).WantProblem(t, 400, "cursor-invalid")
	auditor.Do(t, get, reportsPath+"?cursor="+encodeCursor(reportsListing, position{ID: "x"}), nil).WantProblem(t, 400, "page-invalid")
	auditor.Do(t, get, path+"?x=1", nil).WantProblem(t, 400, "query-invalid")
}

func TestInboxComesInPages(t *testing.T) {
	w := mustWorld(t)
	for range 5 {
		_, label := w.mustBin(t, "1")
		w.mustFinderReport(t, "lab-a", label)
	}
	seen := map[string]bool{}
	for path, pages := reportsPath+"?limit=2", 0; path != ""; pages++ {
		page := mustGetJSON[listing[reportResponse]](t, w.as("coordinator", ""), path)
		for _, r := range page.Items {
			seen[r.ID] = true
		}
		if path = ""; page.Next != "" && pages < 5 {
			path = fmt.Sprintf("%s?limit=2&cursor=%s", reportsPath, page.Next)
		}
	}
	if len(seen) != 5 {
		t.Errorf("the pages show %d reports, want all 5", len(seen))
	}
}
