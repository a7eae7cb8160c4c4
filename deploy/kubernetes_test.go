package deploy_test

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const manifestFolder = "kubernetes"

// manifests are the objects of the folder, by their kinds: one of each.
func manifests(tb testing.TB) map[string]tree {
	tb.Helper()
	kustomization := decode(tb, read(tb, filepath.Join(manifestFolder, "kustomization.yaml")))
	files, err := filepath.Glob(filepath.Join(manifestFolder, "*.yaml"))
	if err != nil {
		tb.Fatal(err)
	}
	listed := texts(kustomization["resources"])
	if len(listed) != len(files)-1 {
		tb.Errorf("kustomization.yaml lists %v, the folder has %v", listed, files)
	}
	list := make(map[string]tree)
	for _, file := range listed {
		object := decode(tb, read(tb, filepath.Join(manifestFolder, file)))
		kind, _ := object["kind"].(string)
		if list[kind] != nil || strings.ToLower(kind)+".yaml" != file {
			tb.Errorf("%s is a second %s, or has another's name", file, kind)
		}
		list[kind] = object
	}
	return list
}

// kubernetesFaults compares an object with the schema of its kind.
func kubernetesFaults(tb testing.TB, object tree) error {
	tb.Helper()
	kind := strings.ReplaceAll(fmt.Sprintf("%v/%v", object["apiVersion"], object["kind"]), "/", "~1")
	return schema(tb, "kubernetes.schema.json", "/kinds/"+kind).Validate(any(object))
}

func TestManifestsAgainstTheSchema(t *testing.T) {
	list := manifests(t)
	want := []string{"Deployment", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"}
	if got := slices.Sorted(maps.Keys(list)); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v: a Secret, above all, has no place here", got, want)
	}
	for kind, object := range list {
		if err := kubernetesFaults(t, object); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	text := read(t, filepath.Join(manifestFolder, "deployment.yaml"))
	for _, c := range []struct{ old, bad string }{
		{"replicas: 2", "replicas: two"},
		{"readinessProbe:", "readyProbe:"},
		{"containerPort: 8080", "containerport: 8080"},
		{"name: http\n", "nam: http\n"},
	} {
		if kubernetesFaults(t, decode(t, strings.Replace(text, c.old, c.bad, 1))) == nil {
			t.Errorf("control: %q is not noticed", c.bad)
		}
	}
}

// container is the one of the Deployment.
func container(tb testing.TB, list map[string]tree) (pod, c tree) {
	tb.Helper()
	pod, _ = at(list["Deployment"], "spec", "template", "spec").(tree)
	containers, _ := pod["containers"].([]any)
	if len(containers) != 1 {
		tb.Fatalf("got %d containers, want 1", len(containers))
	}
	return pod, containers[0].(tree)
}

func TestManifestsBelongTogether(t *testing.T) {
	list := manifests(t)
	labels, _ := at(list["Deployment"], "spec", "template", "metadata", "labels").(tree)
	for what, selector := range map[string]any{
		"Deployment":          at(list["Deployment"], "spec", "selector", "matchLabels"),
		"the spread":          at(list["Deployment"], "spec", "template", "spec", "topologySpreadConstraints", 0, "labelSelector", "matchLabels"),
		"Service":             at(list["Service"], "spec", "selector"),
		"PodDisruptionBudget": at(list["PodDisruptionBudget"], "spec", "selector", "matchLabels"),
		"NetworkPolicy":       at(list["NetworkPolicy"], "spec", "podSelector", "matchLabels"),
	} {
		selected, _ := selector.(tree)
		if len(selected) == 0 || !maps.Equal(selected, labels) {
			t.Errorf("%s selects %v, the pods are %v", what, selected, labels)
		}
	}
	pod, c := container(t, list)
	if pod["serviceAccountName"] != at(list["ServiceAccount"], "metadata", "name") {
		t.Errorf("the pods are of the account %v, which is not there", pod["serviceAccountName"])
	}
	port := at(c, "ports", 0, "name")
	if at(list["Service"], "spec", "ports", 0, "targetPort") != port || at(list["NetworkPolicy"], "spec", "ingress", 0, "ports", 0, "port") != port {
		t.Errorf("the port of the pods is %v, others are sent elsewhere", port)
	}
	for _, probe := range []string{"startupProbe", "readinessProbe", "livenessProbe"} {
		path, _ := at(c, probe, "httpGet", "path").(string)
		if !slices.Contains(routes(t), path) || at(c, probe, "httpGet", "port") != port {
			t.Errorf("%s asks %q on %v, which the server does not answer", probe, path, at(c, probe, "httpGet", "port"))
		}
	}
	if at(c, "livenessProbe", "httpGet", "path") == "/readyz" {
		t.Error("servers would be restarted because the database is gone")
	}
	mounts := make(map[any]bool)
	for _, m := range c["volumeMounts"].([]any) {
		mounts[at(m, "name")] = true
	}
	for _, v := range pod["volumes"].([]any) {
		delete(mounts, at(v, "name"))
	}
	if len(mounts) > 0 {
		t.Errorf("mounted, but no volume: %v", mounts)
	}
}

// The namespace asks for the restricted profile of the Pod Security Standards,
// which would refuse pods otherwise.
func TestPodsAreRestricted(t *testing.T) {
	list := manifests(t)
	pod, c := container(t, list)
	for what, ok := range map[string]bool{
		"runs as root":              at(pod, "securityContext", "runAsNonRoot") == true && at(pod, "securityContext", "runAsUser") == 65532,
		"seccomp":                   at(pod, "securityContext", "seccompProfile", "type") == "RuntimeDefault",
		"token of the account":      pod["automountServiceAccountToken"] == false && list["ServiceAccount"]["automountServiceAccountToken"] == false,
		"escalation":                at(c, "securityContext", "allowPrivilegeEscalation") == false,
		"root can be written":       at(c, "securityContext", "readOnlyRootFilesystem") == true,
		"capabilities":              slices.Equal(texts(at(c, "securityContext", "capabilities", "drop")), []string{"ALL"}),
		"memory without a limit":    at(c, "resources", "limits", "memory") != nil,
		"host's namespaces":         pod["hostNetwork"] == nil && pod["hostPID"] == nil && pod["hostIPC"] == nil,
		"an image without a number": pinned.MatchString(c["image"].(string)),
		"one server at a time":      at(list["Deployment"], "spec", "strategy", "rollingUpdate", "maxUnavailable") == 0,
		"a short end":               pod["terminationGracePeriodSeconds"].(int) >= at(c, "lifecycle", "preStop", "sleep", "seconds").(int)+5+5,
	} {
		if !ok {
			t.Errorf("not as it should be: %s", what)
		}
	}
}

// secretVariables are the settings whose value is a secret.
var secretVariables = []string{"RICIRCOLO_STORE", "RICIRCOLO_PEPPER", "RICIRCOLO_TOKEN_SECRET", "RICIRCOLO_SIGNING_KEY"}

func TestSecretsAreReferences(t *testing.T) {
	_, c := container(t, manifests(t))
	found := make(map[string]bool)
	for _, e := range c["env"].([]any) {
		name, _ := at(e, "name").(string)
		secret := slices.Contains(secretVariables, name)
		if key := at(e, "valueFrom", "secretKeyRef", "key"); secret != (key != nil) || secret && at(e, "value") != nil {
			t.Errorf("%s is secret: %v, and is read from the key %v", name, secret, key)
		}
		found[name] = true
	}
	for _, name := range secretVariables {
		if !found[name] {
			t.Errorf("%s is not set: each server would make its own, or keep its own store", name)
		}
	}
}

// What kubectl makes of the folder, where it is installed; its package in
// Debian is too old to be asked for.
func TestKustomization(t *testing.T) {
	if exec.Command("kubectl", "version", "--client").Run() != nil {
		t.Skip("NOT TESTED: there is no kubectl; the manifests were checked one by one")
	}
	out, err := exec.Command("kubectl", "kustomize", manifestFolder).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "image: registry.example/ricircolo:1.0.0") {
		t.Errorf("kubectl kustomize: %v\n%s", err, out)
	}
}
