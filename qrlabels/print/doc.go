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
// labels show keeps two millimetres from their edges (1.5 on small ones), which
// is what remains.
package print
