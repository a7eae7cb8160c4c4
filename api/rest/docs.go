package rest

import (
	"bytes"
	"embed"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed page
var docsFiles embed.FS

// The part of an OpenAPI document that the page shows.
type (
	apiDocument struct {
		Info struct {
			Title, Version, Summary, Description string
		}
		Tags       []struct{ Name, Description string }
		Paths      map[string]map[string]apiOperation
		Components struct {
			Parameters map[string]apiParameter
			Responses  map[string]apiResponse
			Schemas    map[string]yaml.Node
		}
	}
	apiOperation struct {
		Summary, Description string
		Tags                 []string
		Security             *[]map[string][]string
		Parameters           []apiParameter
		RequestBody          apiBody `yaml:"requestBody"`
		Responses            map[string]apiResponse
	}
	apiParameter struct {
		Ref                   string `yaml:"$ref"`
		Name, In, Description string
		Required              bool
	}
	apiBody struct {
		Content map[string]apiMedia
	}
	apiResponse struct {
		Ref         string `yaml:"$ref"`
		Description string
		Content     map[string]apiMedia
	}
	apiMedia struct {
		Schema   apiSchema
		Example  yaml.Node
		Examples map[string]struct {
			Summary string
			Value   yaml.Node
		}
	}
	apiSchema struct {
		Ref   string `yaml:"$ref"`
		Type  any
		Items *apiSchema
	}
)

// What the template is given.
type (
	docsView struct {
		Title, Version, Summary, Description string
		Groups                               []docsGroup
		Schemas                              []docsText
	}
	docsGroup struct {
		Name, Description string
		Operations        []docsOperation
	}
	docsOperation struct {
		ID, Method, Path, Summary, Description string
		Public                                 bool
		Parameters                             []apiParameter
		Request                                []docsContent
		Responses                              []docsResponse
	}
	docsResponse struct {
		Status, Description string
		Contents            []docsContent
	}
	docsContent struct {
		Type, Schema, Anchor string
		Examples             []docsText
	}
	docsText struct{ Name, Text string }
)

// docsPage renders the document for people: operations by tag, then schemas.
func docsPage(document []byte) ([]byte, error) {
	var doc apiDocument
	if err := yaml.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	t, err := template.New("docs.html").Funcs(template.FuncMap{"prose": prose}).ParseFS(docsFiles, "page/docs.html")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, doc.view())
	return b.Bytes(), err
}

func (d *apiDocument) view() docsView {
	v := docsView{Title: d.Info.Title, Version: d.Info.Version, Summary: d.Info.Summary, Description: d.Info.Description}
	for _, tag := range d.Tags {
		v.Groups = append(v.Groups, docsGroup{tag.Name, tag.Description, d.operations(tag.Name)})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		v.Schemas = append(v.Schemas, docsText{name, yamlText(d.Components.Schemas[name])})
	}
	return v
}

// operations lists those of a tag by path, and for one path as people think:
// read, create, replace, change, remove.
func (d *apiDocument) operations(tag string) []docsOperation {
	var all []docsOperation
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if op, ok := d.Paths[path][method]; ok && slices.Contains(op.Tags, tag) {
				all = append(all, d.operation(method, path, op))
			}
		}
	}
	return all
}

func (d *apiDocument) operation(method, path string, op apiOperation) docsOperation {
	v := docsOperation{
		ID:     method + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path),
		Method: strings.ToUpper(method), Path: path, Summary: op.Summary, Description: op.Description,
		Public:  op.Security != nil && len(*op.Security) == 0,
		Request: contents(op.RequestBody.Content),
	}
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = d.Components.Parameters[refName(p.Ref)]
		}
		v.Parameters = append(v.Parameters, p)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if r.Ref != "" {
			r = d.Components.Responses[refName(r.Ref)]
		}
		v.Responses = append(v.Responses, docsResponse{status, r.Description, contents(r.Content)})
	}
	return v
}

func contents(byType map[string]apiMedia) []docsContent {
	var all []docsContent
	for _, media := range slices.Sorted(maps.Keys(byType)) {
		m := byType[media]
		c := docsContent{Type: media, Schema: refName(m.Schema.Ref), Anchor: refName(m.Schema.Ref)}
		if m.Schema.Items != nil {
			c.Anchor = refName(m.Schema.Items.Ref)
			c.Schema = "list of " + c.Anchor
		}
		if !m.Example.IsZero() {
			c.Examples = append(c.Examples, docsText{"Example", yamlText(m.Example)})
		}
		for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
			e := m.Examples[name]
			c.Examples = append(c.Examples, docsText{e.Summary, yamlText(e.Value)})
		}
		all = append(all, c)
	}
	return all
}

// refName is the last part of "#/components/schemas/Name".
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// yamlText shows a node as it stands in the document, text as itself.
func yamlText(n yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if e.Encode(&n) != nil || e.Close() != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

var quoted = regexp.MustCompile("`([^`]+)`")

// prose shows what a text has in backticks, as Markdown does, as code. All
// else is escaped.
func prose(text string) template.HTML {
	return template.HTML(quoted.ReplaceAllString(template.HTMLEscapeString(text), "<code>$1</code>"))
}
