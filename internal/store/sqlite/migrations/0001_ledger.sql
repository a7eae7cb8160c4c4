-- A lab is a small number inside the file: it is part of every key. head and
-- hash are the number and the SHA-256 of its last entry, which nothing follows
-- that could vouch for it.
CREATE TABLE labs (
    lab  INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE,
    head INTEGER NOT NULL DEFAULT 0,
    hash BLOB    NOT NULL DEFAULT x''
) STRICT;

-- place is lab << 40 | seq: the number of the entry in its lab's ledger, so
-- that the table itself is in the order of the ledgers and needs no index for
-- it. record holds the canonical bytes, which carry the predecessor's hash.
CREATE TABLE entries (
    place  INTEGER PRIMARY KEY,
    lab    INTEGER NOT NULL CHECK (place >> 40 = lab),
    id     TEXT    NOT NULL,
    record BLOB    NOT NULL,
    UNIQUE (lab, id)
) STRICT;

-- keys holds "index NUL value NUL …", every index key of the document in the
-- order given: a document is read from one row.
CREATE TABLE documents (
    document INTEGER PRIMARY KEY,
    lab      INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    keys     BLOB    NOT NULL,
    body     BLOB    NOT NULL,
    UNIQUE (lab, kind, id)
) STRICT;

CREATE INDEX documents_changed ON documents (lab, kind, seq);

CREATE TABLE keys (
    lab      INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (lab, kind, name, value, id)
) STRICT, WITHOUT ROWID;

-- What the writer writes to find out whether a full disk has space again.
CREATE TABLE probe (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    filler BLOB NOT NULL
) STRICT;
