// Package tracking owns the domain: what happens to bins, fills and loads, and
// which entries of a lab's ledger may say so.
//
// Every write is an entry. Field entries (fills, scans, receipts, treatments,
// corrections) come from phones that were offline: in any order, any number of
// times. So nothing is decided by the order of arrival. Each bin keeps the
// facts of each of its fills, each pickup keeps its own, ordered by when they
// happened (and by entry id where that is the same instant); the documents are
// pure folds of these facts (foldTimeline, foldPickup) and are folded again
// when a late fact arrives. A fact that does not fit is kept among them and
// shows up in the inbox of reviews until a later arrival, a correction or a
// person settles it. What must be decided by arrival is only what no clock can
// settle: who bound a blank label first, the catalogue, and closed months.
//
// Three things depend on each other in one direction, so that a change runs
// through once: bin timeline → pickup (its lines) → outcome of the fills (mass
// given back by allocation) → cube.
package tracking
