// Package print owns how labels come onto paper: where they lie on a sheet, what
// each of them shows, and the files that printers take.
//
// A [Sheet] is the geometry of a sheet of stickers, or of a roll, in millimetres;
// [Sheets] lists those that are built in, and any other that passes
// [Sheet.Validate] works as well. A [Label] says what one sticker shows. A [Job]
// puts labels on sheets:
//
//	PDF   vector, the fonts embedded, for office printers
//	SVG   vector, one page a file, text as outlines
//	PNG   one page a file, the modules of symbols of whole pixels
//	ZPL   for label printers that hold rolls, one label after the other
//
// PDF and ZPL are written while labels come in, so that memory does not grow with
// their number; symbols are encoded and pages drawn on all cores. The same job
// gives the same bytes.
//
// # Paper that is not where it should be
//
// Printers feed sheets a little off and drivers scale pages. A [Printer] says by
// how much, and [Job.Calibration] draws the page on which it is measured. What
// labels show keeps two millimetres from their edges (1.5 on small ones, more where
// a sheet ends with the paper), which is what remains.
//
// # What is never printed
//
// A label whose symbol would say another code than its text, a symbol with modules
// below [MinModule] or below two dots, a band of colour without a name. Texts get
// smaller, and break, until they fit; only lists of what goes in are cut, with an
// ellipsis. The fonts have the characters of Latin, Greek and Cyrillic; others are
// drawn as boxes.
package print
