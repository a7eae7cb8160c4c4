package deploy_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func services(document tree) tree {
	list, _ := document["services"].(tree)
	return list
}

// texts are the elements of a list that are texts.
func texts(list any) []string {
	var out []string
	elements, _ := list.([]any)
	for _, e := range elements {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// started lists the services that "docker compose up" starts with a profile, or,
// if one is named, that one with what it depends on. Whatever a started service
// depends on must be started as well, unless it says that it can do without.
func started(document tree, profile, named string) (list []string, faults []string) {
	all := services(document)
	enabled := func(name string) bool {
		profiles := texts(at(all, name, "profiles"))
		return len(profiles) == 0 || slices.Contains(profiles, profile)
	}
	if named != "" {
		profile = strings.Join(texts(at(all, named, "profiles")), "")
	}
	todo := []string{named}
	if named == "" {
		todo = slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool { return !enabled(name) })
	}
	seen := make(map[string]bool)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		on, _ := at(all, name, "depends_on").(tree)
		for other := range on {
			switch {
			case all[other] == nil:
				faults = append(faults, name+" depends on "+other+", which is not there")
			case enabled(other):
				todo = append(todo, other)
			case at(on, other, "required") != false:
				faults = append(faults, name+" depends on "+other+", which profile "+profile+" does not start")
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), faults
}

func TestComposeProfiles(t *testing.T) {
	document := decode(t, read(t, "compose.yaml"))
	one := "app mongo-init mongo-key mongo1"
	for _, row := range []struct{ profile, named, want string }{
		{"", "", one},
		{"three", "", "app mongo-init mongo-join mongo-key mongo1 mongo2 mongo3"},
		{"", "app-ferretdb", "app-ferretdb ferretdb postgres"},
		{"", "app-sqlite", "app-sqlite"},
		{"", "app", one},
	} {
		got, faults := started(document, row.profile, row.named)
		if strings.Join(got, " ") != row.want || len(faults) > 0 {
			t.Errorf("profile %q, service %q: got %v and %v, want %s", row.profile, row.named, got, faults, row.want)
		}
	}
	// Control: with the nodes of the profile required, the default is noticed.
	bad := decode(t, strings.ReplaceAll(read(t, "compose.yaml"), ", required: false}", "}"))
	if _, faults := started(bad, "", ""); len(faults) == 0 {
		t.Error("a dependency on a service of another profile is not noticed")
	}
}

func TestComposeAgainstItsSchema(t *testing.T) {
	text := read(t, "compose.yaml")
	compiled := schema(t, "compose.schema.json", "")
	if err := compiled.Validate(any(decode(t, text))); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ old, bad string }{
		{"condition: service_healthy", "condition: service_health"},
		{"read_only: true", "readonly: true"},
		{"restart: unless-stopped", "restart: 3"},
		{"networks: [database]", "network: [database]"},
	} {
		if compiled.Validate(any(decode(t, strings.Replace(text, c.old, c.bad, 1)))) == nil {
			t.Errorf("control: %q is not noticed", c.bad)
		}
	}
}

// composeFaults lists what the rules of the house forbid.
func composeFaults(document tree) []string {
	var faults []string
	for name, service := range services(document) {
		fault := func(bad bool, format string, args ...any) {
			if bad {
				faults = append(faults, name+": "+fmt.Sprintf(format, args...))
			}
		}
		ours := strings.HasPrefix(name, "app")
		image, _ := at(service, "image").(string)
		fault(!ours && !pinned.MatchString(image), "the image %s is not pinned", image)
		fault(ours && image != "ricircolo:${RICIRCOLO_VERSION:-dev}", "the image is %s", image)
		fault(at(service, "read_only") != true, "its root can be written")
		fault(!slices.Equal(texts(at(service, "cap_drop")), []string{"ALL"}), "it keeps capabilities")
		fault(!slices.Equal(texts(at(service, "security_opt")), []string{"no-new-privileges:true"}), "it may get new privileges")
		fault(at(service, "mem_limit") == nil || at(service, "pids_limit") == nil, "it has no limits")
		fault(at(service, "privileged") != nil || at(service, "pid") != nil, "it is not confined")
		for _, port := range texts(at(service, "ports")) {
			fault(!ours, "its port is published")
			fault(!strings.HasPrefix(port, "127.0.0.1:"), "the port %s is open to the network", port)
		}
		fault(!ours && slices.Contains(texts(at(service, "networks")), "front"), "it is in the network of the outside")
		environment, _ := at(service, "environment").(tree)
		for variable, value := range environment {
			text := fmt.Sprint(value)
			secret := strings.Contains(variable, "PASSWORD") || strings.Contains(text, "://ricircolo:")
			fault(secret && !strings.Contains(text, "PASSWORD:?"), "%s has a secret in it", variable)
		}
		for _, volume := range texts(at(service, "volumes")) {
			source, _, _ := strings.Cut(volume, ":")
			_, known := at(document, "volumes", source).(tree)
			fault(!known && !strings.HasPrefix(source, "./"), "the volume %s is not declared", source)
		}
		for _, network := range texts(at(service, "networks")) {
			_, known := at(document, "networks", network).(tree)
			fault(!known, "the network %s is not declared", network)
		}
	}
	if at(document, "networks", "database", "internal") != true {
		faults = append(faults, "the network of the database leads outside")
	}
	return faults
}

func TestComposeIsHardened(t *testing.T) {
	text := read(t, "compose.yaml")
	for _, fault := range composeFaults(decode(t, text)) {
		t.Error(fault)
	}
	for _, c := range []struct{ old, bad string }{
		{"image: mongo:8.0", "image: mongo:latest"},
		{"image: mongo:8.0", "image: mongo"},
		{"read_only: true", "read_only: false"},
		{"cap_drop: [ALL]", "cap_drop: []"},
		{`["127.0.0.1:${PORT`, `["${PORT`},
		{"    hostname: mongo1\n", "    hostname: mongo1\n    ports: [\"27017:27017\"]\n"},
		{"POSTGRES_PASSWORD: ${DATABASE_PASSWORD:?make the file .env as compose.yaml says}", "POSTGRES_PASSWORD: secret"},
		{"internal: true", "internal: false"},
		{"  mongo3: {}\n", ""},
	} {
		bad := strings.Replace(text, c.old, c.bad, 1)
		if bad == text || len(composeFaults(decode(t, bad))) == 0 {
			t.Errorf("control: %q is not noticed", c.bad)
		}
	}
}

// Servers whose drain is longer than they are given would be killed.
func TestServersHaveTimeToEnd(t *testing.T) {
	m := regexp.MustCompile(`drain = (\d+) \* time\.Millisecond`).FindStringSubmatch(read(t, "../api/serve.go"))
	if m == nil || m[1] != "4500" {
		t.Fatalf("the drain is %v, and compose.yaml, deployment.yaml and ricircolo.service were written for 4500 ms", m)
	}
}

// What Compose itself says, where it is installed. Debian has no version that
// knows all that is used here, so CI does without.
func TestComposeByItself(t *testing.T) {
	if exec.Command("docker", "compose", "version").Run() != nil {
		t.Skip("NOT TESTED: there is no docker compose; its schema and our rules were checked")
	}
	for _, arguments := range [][]string{{}, {"--profile", "three"}, {"--profile", "ferretdb"}, {"--profile", "sqlite"}, {"--profile", "*"}} {
		command := exec.Command("docker", slices.Concat([]string{"compose", "-f", "compose.yaml"}, arguments, []string{"config", "--quiet"})...)
		command.Env = append(os.Environ(), "DATABASE_PASSWORD=a", "DATABASE_ROOT_PASSWORD=b")
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", arguments, err, out)
		}
	}
}
