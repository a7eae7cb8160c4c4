// Package rederivetest owns a second working of a report: from the raw ledger
// and the factors' CSV files to every number that the report prints.
//
// It is written from the data model and the method alone, and imports nothing
// of ours: its own reading of the JSON, its own folds, exact fractions of
// math/big. An error in the service's folds or cards is not repeated here but
// by making it twice. It is slow, knows the entries that a demo lab holds and
// no others, and says so of an entry that it does not know.
package rederivetest
