package tracking

// Undoable are the types of entries that an undo or a correction may be about.
var Undoable = undoable
