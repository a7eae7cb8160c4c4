package transfer

// Progress is how far a transfer is.
type Progress struct {
	Entries, Documents int64 // handled so far: copied, or compared
	// Share is the part that is done, 0 … 1. Nobody knows how many documents
	// there are before they were walked: it goes by the entries, and by the
	// documents per entry so far.
	Share float64
}

// meter counts what is done.
type meter struct {
	notify  func(Progress)
	ledgers int64 // entries of all ledgers of the source

	copiedEntries, copiedDocuments     int64
	comparedEntries, comparedDocuments int64
	share                              float64
}

func (m *meter) copied(entries, documents int64) {
	m.copiedEntries += entries
	m.copiedDocuments += documents
	m.tell()
}

func (m *meter) compared(entries, documents int64) {
	m.comparedEntries += entries
	m.comparedDocuments += documents
	m.tell()
}

// tell estimates. Entries are copied and compared, documents are copied and
// compared: four pieces of work, of which a run may have only the latter two.
func (m *meter) tell() {
	documents := float64(m.ledgers)
	if m.copiedEntries > 0 && m.copiedDocuments > 0 {
		documents *= float64(m.copiedDocuments) / float64(m.copiedEntries)
	}
	documents = max(documents, float64(m.comparedDocuments), float64(m.copiedDocuments))
	done := float64(m.comparedEntries + m.comparedDocuments)
	total := float64(m.ledgers) + documents
	if m.copiedEntries+m.copiedDocuments > 0 {
		done += float64(m.copiedEntries + m.copiedDocuments)
		total *= 2
	}
	if total > 0 {
		m.share = max(m.share, min(done/total, 0.999))
	}
	m.notify(Progress{m.copiedEntries + m.comparedEntries, m.copiedDocuments + m.comparedDocuments, m.share})
}

func (m *meter) finish() {
	m.share = 1
	m.notify(Progress{m.copiedEntries + m.comparedEntries, m.copiedDocuments + m.comparedDocuments, 1})
}
