package strictjson

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
)

// tokens is a set of the forms that a JSON value can have.
type tokens uint8

const (
	tokenObject tokens = 1 << iota
	tokenArray
	tokenString
	tokenNumber
	tokenBool
	tokenNull
	tokenAny = tokenObject | tokenArray | tokenString | tokenNumber | tokenBool | tokenNull
)

// tokenOf tells the form of a value by its first byte.
func tokenOf(b byte) tokens {
	switch b {
	case '{':
		return tokenObject
	case '[':
		return tokenArray
	case '"':
		return tokenString
	case 't', 'f':
		return tokenBool
	case 'n':
		return tokenNull
	}
	return tokenNumber
}

// plan says what JSON a Go type takes. Plans are immutable once built.
type plan struct {
	accepts tokens
	wanted  string           // what to send instead of something else
	fields  map[string]*plan // of a struct, by exact key
	elem    *plan            // of a list's or a map's values
	length  int              // of a fixed array, otherwise -1
	leaf    reflect.Type     // a type that decodes itself, or a scalar
}

// child is the plan for a key, or what to do instead of sending that key.
func (p *plan) child(key []byte) (_ *plan, fault string) {
	if p.fields == nil {
		return p.elem, ""
	}
	if child, ok := p.fields[string(key)]; ok {
		return child, ""
	}
	for name := range p.fields {
		if strings.EqualFold(name, string(key)) {
			return nil, fmt.Sprintf("Write it %q.", name)
		}
	}
	return nil, "Leave this key out: nothing reads it."
}

// plans holds what planOf has built: types are few and never change, and a
// cache beside the one that encoding/json keeps needs no owner.
var plans sync.Map // reflect.Type → *plan

// planOf returns the plan of a type.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := build(t, map[reflect.Type]*plan{})
	plans.Store(t, p)
	return p
}

// build makes the plan of t. open holds the plans under construction, so that
// a type may contain itself.
func build(t reflect.Type, open map[reflect.Type]*plan) *plan {
	if p := open[t]; p != nil {
		return p
	}
	p := &plan{length: -1}
	open[t] = p
	if t.Kind() == reflect.Pointer && !selfDecoding(t) {
		*p = *build(t.Elem(), open)
		p.accepts |= tokenNull
		return p
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		p.accepts, p.leaf, p.wanted = tokenString, t, "Send a date and time such as 2026-03-01T08:30:00Z."
	case selfDecoding(t), t.Kind() == reflect.Interface:
		p.accepts, p.leaf, p.wanted, p.elem = tokenAny, t, "Send a value that fits.", anyPlan()
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		p.accepts, p.leaf, p.wanted = tokenString, t, "Send a string in the documented form."
	case t == reflect.TypeFor[[]byte]():
		p.accepts, p.leaf, p.wanted = tokenString, t, "Send base64 text."
	default:
		p.byKind(t, open)
	}
	return p
}

// byKind fills the plan of a type without methods of its own for JSON.
func (p *plan) byKind(t reflect.Type, open map[reflect.Type]*plan) {
	switch t.Kind() {
	case reflect.Struct:
		p.accepts, p.wanted, p.fields = tokenObject, "Send an object.", map[string]*plan{}
		p.addFields(t, open)
	case reflect.Map:
		p.accepts, p.wanted, p.elem = tokenObject, "Send an object.", build(t.Elem(), open)
	case reflect.Slice, reflect.Array:
		p.accepts, p.wanted, p.elem = tokenArray, "Send a list.", build(t.Elem(), open)
		if t.Kind() == reflect.Array {
			p.length = t.Len()
		}
	case reflect.String:
		p.accepts, p.leaf, p.wanted = tokenString, t, "Send a string."
		if t == reflect.TypeFor[json.Number]() {
			p.accepts, p.wanted = tokenNumber, "Send a number."
		}
	case reflect.Bool:
		p.accepts, p.leaf, p.wanted = tokenBool, t, "Send true or false."
	case reflect.Float32, reflect.Float64:
		p.accepts, p.leaf, p.wanted = tokenNumber, t, "Send a number in range."
	default:
		p.accepts, p.leaf, p.wanted = tokenNumber, t, fmt.Sprintf("Send a whole number of at most %d bits.", t.Bits())
	}
}

// addFields adds what encoding/json would fill of a struct, embedded structs
// included; the outer field wins over an embedded one of the same name.
func (p *plan) addFields(t reflect.Type, open map[reflect.Type]*plan) {
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case f.Tag.Get("json") == "-":
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			embedded = append(embedded, inner)
		case !f.IsExported():
		case name == "":
			p.fields[f.Name] = build(f.Type, open)
		default:
			p.fields[name] = build(f.Type, open)
		}
	}
	for _, e := range embedded {
		inner := &plan{fields: map[string]*plan{}}
		inner.addFields(e, open)
		for name, child := range inner.fields {
			if p.fields[name] == nil {
				p.fields[name] = child
			}
		}
	}
}

// selfDecoding reports whether the type, not this package, knows what JSON it
// takes.
func selfDecoding(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) || t.Implements(reflect.TypeFor[json.Unmarshaler]())
}

// anyPlan takes everything; keys may still not repeat.
func anyPlan() *plan {
	p := &plan{accepts: tokenAny, length: -1}
	p.elem = p
	return p
}
