package deploy_test

import (
	"os/exec"
	"strings"
	"testing"
)

// runScript runs a script of the folder mongodb against a stand-in for the
// shell of MongoDB, in a world as JSON. It returns what it changed, and what it
// printed.
func runScript(tb testing.TB, script, world string, env ...string) (changes []string, printed string, err error) {
	tb.Helper()
	needTool(tb, "node")
	command := exec.CommandContext(tb.Context(), "node", "testdata/shell.js", "mongodb/"+script, world)
	command.Env = append(command.Environ(), env...)
	out, err := command.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if change, found := strings.CutPrefix(line, "> "); found {
			changes = append(changes, strings.TrimSpace(change))
		}
	}
	return changes, string(out), err
}

func wantChanges(t *testing.T, name string, got []string, printed string, err error, want ...string) {
	t.Helper()
	if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s: %v, changed\n%s\nwant\n%s\nprinted\n%s", name, err, strings.Join(got, "\n"), strings.Join(want, "\n"), printed)
	}
}

func TestShardScript(t *testing.T) {
	fresh := func(database string) []string {
		list := []string{"enableSharding " + database}
		for _, c := range []string{"labs", "commits", "documents", "keys"} {
			name := database + "." + c
			list = append(list, "createIndex "+name+` {"lab":1}`, "shardCollection "+name+` {"lab":1}`)
		}
		return list
	}
	got, printed, err := runScript(t, "shard.js", "{}")
	wantChanges(t, "a new cluster", got, printed, err, fresh("ricircolo")...)
	if !strings.Contains(printed, "ricircolo: 4 collections on 2 shards") || strings.Count(printed, `sharded by {"lab":1}`) != 4 {
		t.Errorf("it does not say how things are:\n%s", printed)
	}
	got, printed, err = runScript(t, "shard.js", "{}", "RICIRCOLO_DATABASE=other")
	wantChanges(t, "another database", got, printed, err, fresh("other")...)

	all := `{"sharded": {"ricircolo.labs": {"lab": 1}, "ricircolo.commits": {"lab": 1}, "ricircolo.documents": {"lab": 1}, "ricircolo.keys": {"lab": 1}}}`
	got, printed, err = runScript(t, "shard.js", all)
	wantChanges(t, "once more", got, printed, err, "enableSharding ricircolo")

	for world, says := range map[string]string{
		`{"mongos": false}`: "not a mongos",
		`{"sharded": {"ricircolo.labs": {"_id": "hashed"}}}`: `sharded by {"_id":"hashed"}`,
	} {
		if _, printed, err := runScript(t, "shard.js", world); err == nil || !strings.Contains(printed, says) {
			t.Errorf("%s: %v, want %q:\n%s", world, err, says, printed)
		}
	}
}

func TestReplicaSetScript(t *testing.T) {
	env := func(members string) []string {
		return []string{"MEMBERS=" + members, "DATABASE_PASSWORD=p", "DATABASE_ROOT_PASSWORD=r"}
	}
	const three = "mongo1:27017,mongo2:27017,mongo3:27017"
	initiate := `{"replSetInitiate":{"_id":"ricircolo","members":[{"_id":0,"host":"mongo1:27017"}]}}`
	user := `{"createUser":"ricircolo","pwd":"p","roles":[{"role":"readWrite","db":"ricircolo"}]}`
	add2 := `{"replSetReconfig":{"version":2,"_id":"ricircolo","members":[{"_id":0,"host":"mongo1:27017"},{"_id":1,"host":"mongo2:27017"}]}}`
	add3 := `{"replSetReconfig":{"version":3,"_id":"ricircolo","members":[{"_id":0,"host":"mongo1:27017"},{"_id":1,"host":"mongo2:27017"},{"_id":2,"host":"mongo3:27017"}]}}`
	for _, row := range []struct {
		name, world, members string
		want                 []string
	}{
		{"a new node", `{"mongos": false}`, "mongo1:27017", []string{initiate, user}},
		{"a node that is slow to answer", `{"mongos": false, "silent": 30}`, "mongo1:27017", []string{initiate, user}},
		{"once more", `{"mongos": false, "members": ["mongo1:27017"], "users": ["ricircolo"]}`, "mongo1:27017",
			[]string{strings.Replace(user, "createUser", "updateUser", 1)}},
		{"three new nodes, changes in each other's way", `{"mongos": false, "conflicts": 3}`, three, []string{initiate, add2, add3, user}},
		{"none is taken away", `{"mongos": false, "members": ["mongo1:27017", "mongo2:27017", "mongo3:27017"]}`, "mongo1:27017", []string{user}},
	} {
		got, printed, err := runScript(t, "replica-set.js", row.world, env(row.members)...)
		wantChanges(t, row.name, got, printed, err, row.want...)
	}
	if _, printed, err := runScript(t, "replica-set.js", `{"silent": 100000}`, env("mongo1:27017")...); err == nil || !strings.Contains(printed, "reaching mongo1:27017") {
		t.Errorf("a node that never answers: %v\n%s", err, printed)
	}
}
