package tracking

import (
	"bytes"
	"sync"

	"github.com/ricircolo/ricircolo/internal/store"
)

// remembered keeps, decoded, the documents that nearly every entry reads and
// hardly any changes: the lab and its streams. They are told by their bytes,
// so that it does not matter which transaction, or which lab, saw them. What
// it hands out is never changed in place. It is safe for concurrent use.
type remembered struct {
	mu   sync.Mutex
	docs map[store.Ref]rememberedDocument
}

type rememberedDocument struct {
	body []byte
	doc  document
}

// maxRemembered bounds the documents that are remembered; a lab has a few dozen.
const maxRemembered = 1024

func newRemembered() *remembered { return &remembered{docs: map[store.Ref]rememberedDocument{}} }

// readRemembered is read, without decoding again what is known.
func readRemembered[T any, P interface {
	*T
	document
}](w *work, kind store.Kind, id string) (P, error) {
	if w.remembered == nil || kind != KindLab && kind != KindStream {
		return read[T, P](w.tx, kind, id)
	}
	d, err := w.tx.Get(kind, id)
	if err != nil {
		return nil, err
	}
	ref := store.Ref{Kind: kind, ID: id}
	w.remembered.mu.Lock()
	k, ok := w.remembered.docs[ref]
	w.remembered.mu.Unlock()
	if ok && bytes.Equal(k.body, d.Body) {
		return k.doc.(P), nil
	}
	doc, err := decode[T, P](d)
	if err != nil {
		return nil, err
	}
	w.remembered.mu.Lock()
	defer w.remembered.mu.Unlock()
	if len(w.remembered.docs) >= maxRemembered {
		clear(w.remembered.docs)
	}
	w.remembered.docs[ref] = rememberedDocument{d.Body, doc}
	return doc, nil
}
