package rest

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"

	"github.com/gofiber/fiber/v2"
)

// specFiles are the OpenAPI document in parts: 00-frame.yaml, and one file for
// each resource with its paths and schemas.
//
//go:embed openapi/*.yaml
var specFiles embed.FS

// spec is the OpenAPI document and the page made from it.
type spec struct {
	yaml  resource
	page  resource
	style resource
}

func loadSpec() (*spec, error) {
	document, err := OpenAPI()
	if err != nil {
		return nil, err
	}
	page, err := docsPage(document)
	if err != nil {
		return nil, fmt.Errorf("docs page: %w", err)
	}
	style, err := docsFiles.ReadFile("page/docs.css")
	if err != nil {
		return nil, err
	}
	return &spec{
		yaml:  newResource("application/yaml; charset=utf-8", document),
		page:  newResource("text/html; charset=utf-8", page),
		style: newResource("text/css; charset=utf-8", style),
	}, nil
}

// OpenAPI is the OpenAPI 3.1 document of the interface, as YAML.
func OpenAPI() ([]byte, error) {
	files, err := fs.Glob(specFiles, "openapi/*.yaml")
	if err != nil {
		return nil, err
	}
	var whole yaml.Node
	for _, name := range files {
		b, err := specFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var part yaml.Node
		if err := yaml.Unmarshal(b, &part); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if whole.Kind == 0 {
			whole = part
			continue
		}
		if err := mergeYAML(whole.Content[0], part.Content[0], ""); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err = errors.Join(e.Encode(&whole), e.Close())
	return b.Bytes(), err
}

// mergeYAML adds the keys of the mapping src to dst. Mappings under the same
// key are merged, lists are joined, and anything else twice is an error.
func mergeYAML(dst, src *yaml.Node, at string) error {
	for i := 0; i < len(src.Content); i += 2 {
		key, value := src.Content[i], src.Content[i+1]
		present := lookup(dst, key.Value)
		switch {
		case present == nil:
			dst.Content = append(dst.Content, key, value)
		case present.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			if err := mergeYAML(present, value, at+"/"+key.Value); err != nil {
				return err
			}
		case present.Kind == yaml.SequenceNode && value.Kind == yaml.SequenceNode:
			present.Content = append(present.Content, value.Content...)
		default:
			return fmt.Errorf("line %d: %s/%s is there already", key.Line, at, key.Value)
		}
	}
	return nil
}

func lookup(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// openAPI answers GET /api/v1/openapi.yaml.
func (s *Server) openAPI(c *fiber.Ctx) error { return s.spec.yaml.send(c) }

// docs answers GET /api/v1/docs.
func (s *Server) docs(c *fiber.Ctx) error { return s.spec.page.send(c) }

// docsStyle answers GET /api/v1/docs.css.
func (s *Server) docsStyle(c *fiber.Ctx) error { return s.spec.style.send(c) }
