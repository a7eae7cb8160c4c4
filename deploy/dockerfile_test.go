package deploy_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// instruction is one of a Dockerfile, with its lines joined.
type instruction struct{ name, arguments string }

func instructions(text string) []instruction {
	var list []instruction
	joined := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if before, more := strings.CutSuffix(line, `\`); more {
			joined += before
			continue
		}
		name, arguments, _ := strings.Cut(joined+line, " ")
		list, joined = append(list, instruction{strings.ToUpper(name), strings.TrimSpace(arguments)}), ""
	}
	return list
}

// pinned is an image with a version down to the minor one.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:\d+[.-]\d+[A-Za-z0-9._-]*$`)

// dockerfileFaults lists what a Dockerfile should do otherwise.
func dockerfileFaults(text string) []string {
	var faults []string
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	stages := map[string]bool{"scratch": true}
	last := make(map[string]string) // of the stage that is read
	for _, i := range instructions(text) {
		last[i.name] = i.arguments
		switch i.name {
		case "FROM":
			clear(last)
			image, stage, _ := strings.Cut(i.arguments, " AS ")
			fault(!stages[image] && !pinned.MatchString(image), "the image %s is not pinned to a minor version", image)
			stages[stage] = true
			last["FROM"] = image
		case "ADD":
			fault(true, "ADD also unpacks and downloads: use COPY")
		case "COPY":
			if _, from, found := strings.Cut(i.arguments, "--from="); found {
				from, _, _ = strings.Cut(from, " ")
				fault(!stages[from], "COPY is from %s, which is no stage above", from)
			}
		case "RUN":
			fault(strings.Contains(i.arguments, "curl") || strings.Contains(i.arguments, "wget"), "RUN downloads something that is not pinned")
			fault(strings.Contains(i.arguments, "go build") && !strings.Contains(i.arguments, "CGO_ENABLED=0 go build -trimpath"), "the binary is not static, or has paths in it")
		}
	}
	fault(last["FROM"] != "scratch", "the last stage is on %s, and not empty", last["FROM"])
	fault(!regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(last["USER"]), "the user is %q, want numbers that are not 0", last["USER"])
	health := last["HEALTHCHECK"]
	_, check, _ := strings.Cut(health, "CMD ")
	for name, form := range map[string]string{"HEALTHCHECK": check, "ENTRYPOINT": last["ENTRYPOINT"], "CMD": last["CMD"]} {
		var words []string
		fault(json.Unmarshal([]byte(form), &words) != nil || len(words) == 0, "%s is not in the exec form, and there is no shell", name)
	}
	fault(!strings.Contains(health, "--timeout=") || !strings.Contains(health, "--start-period="), "HEALTHCHECK has no timeout, or no start period")
	return faults
}

func TestDockerfile(t *testing.T) {
	text := read(t, "Dockerfile")
	for _, fault := range dockerfileFaults(text) {
		t.Error(fault)
	}
	// Controls: what the rules are there for is noticed.
	for _, c := range []struct{ old, bad string }{
		{"golang:1.26-bookworm", "golang:latest"},
		{"golang:1.26-bookworm", "golang"},
		{"golang:1.26-bookworm", "golang:1"},
		{"USER 65532:65532", "USER root"},
		{"USER 65532:65532", "USER 0:0"},
		{"USER 65532:65532", ""},
		{"FROM scratch", "FROM debian:12.1"},
		{`CMD ["/ricircolo", "health"]`, "CMD /ricircolo health"},
		{`ENTRYPOINT ["/ricircolo"]`, "ENTRYPOINT /ricircolo"},
		{"--from=build", "--from=elsewhere"},
		{"COPY go.mod", "ADD go.mod"},
		{"CGO_ENABLED=0 ", ""},
		{"--timeout=3s", ""},
	} {
		bad := strings.Replace(text, c.old, c.bad, 1)
		if bad == text || len(dockerfileFaults(bad)) == 0 {
			t.Errorf("with %q instead of %q nothing is noticed", c.bad, c.old)
		}
	}
}

// What lies beside the source must not get into an image: data, secrets,
// history.
func TestContextOfTheImage(t *testing.T) {
	lines := strings.Fields(strings.Join(regexp.MustCompile(`(?m)^[^#].*$`).FindAllString(read(t, "../.dockerignore"), -1), "\n"))
	if len(lines) == 0 || lines[0] != "*" {
		t.Fatalf(".dockerignore begins with %q, want to leave out everything and name what goes in", lines)
	}
	wanted := map[string]bool{"!go.mod": true, "!go.sum": true, "!api": true, "!internal": true, "!qrlabels": true}
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "!") && !wanted[line] {
			t.Errorf(".dockerignore lets %s in", line)
		}
		delete(wanted, line)
	}
	if len(wanted) > 0 {
		t.Errorf(".dockerignore leaves out what is needed: %v", wanted)
	}
}
