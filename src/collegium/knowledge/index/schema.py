"""The tables of an index.

A content is what one file held when it was read, and what follows from that alone: it never
changes, and counts only while `files` names it. A world is the rows of `files` with the edges and
the reads that belong to them: it is replaced in one transaction. So contents may be written ahead,
in batches, and what a killed process has read is not read again.
"""

from __future__ import annotations

from typing import Final, get_args

from collegium.knowledge.graph import EdgeKind, Trust

# In the header of the file: whose it is, and which tables.
APPLICATION: Final = int.from_bytes(b"kngr")
VERSION: Final = 2

KINDS: Final[tuple[EdgeKind, ...]] = get_args(EdgeKind)
TRUSTS: Final[tuple[Trust, ...]] = get_args(Trust)
KIND_CODES: Final = {kind: code for code, kind in enumerate(KINDS)}
TRUST_CODES: Final = {trust: code for code, trust in enumerate(TRUSTS)}

TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- `content` is NULL where the file is passed over, and `why` says why. `changed` is the generation.
CREATE TABLE files (
    path TEXT PRIMARY KEY, folder TEXT NOT NULL, name TEXT NOT NULL,
    size INTEGER NOT NULL, changed_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    looked_ns INTEGER NOT NULL, content INTEGER, why TEXT NOT NULL, changed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_folder ON files (folder) WHERE content IS NOT NULL;
CREATE INDEX files_by_name ON files (name) WHERE content IS NOT NULL;
CREATE INDEX files_by_content ON files (content) WHERE content IS NOT NULL;
CREATE INDEX files_by_change ON files (changed);
CREATE TABLE gone (path TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE contents (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, digest BLOB NOT NULL, language TEXT NOT NULL,
    lines INTEGER NOT NULL, damaged INTEGER NOT NULL,
    interface BLOB NOT NULL, signatures BLOB NOT NULL, facts BLOB NOT NULL, text BLOB NOT NULL,
    UNIQUE (path, digest)
);
CREATE TABLE symbols (
    content INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,
    path TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (content, place)
) WITHOUT ROWID;
CREATE INDEX symbols_by_name ON symbols (folded);
CREATE TABLE units (
    id INTEGER PRIMARY KEY, content INTEGER NOT NULL, place INTEGER NOT NULL, symbol TEXT NOT NULL,
    kind TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, text_key BLOB NOT NULL,
    terms BLOB NOT NULL
);
CREATE INDEX units_by_content ON units (content, place, text_key);
CREATE TABLE vectors (
    encoder TEXT NOT NULL, text_key BLOB NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (encoder, text_key)
) WITHOUT ROWID;

CREATE TABLE nodes (
    id INTEGER PRIMARY KEY, file TEXT NOT NULL, symbol TEXT NOT NULL, UNIQUE (file, symbol)
);
-- An edge belongs to the content of its source's file; kind and trust are places in KINDS, TRUSTS.
CREATE TABLE edges (
    source INTEGER NOT NULL, kind INTEGER NOT NULL, target INTEGER NOT NULL,
    trust INTEGER NOT NULL, content INTEGER NOT NULL, lines BLOB NOT NULL,
    PRIMARY KEY (source, kind, target, trust)
) WITHOUT ROWID;
CREATE INDEX edges_by_target ON edges (target);
CREATE INDEX edges_by_content ON edges (content);
-- What the edges of a content were found by: hashes of the keys that the resolver names.
CREATE TABLE reads (
    key INTEGER NOT NULL, content INTEGER NOT NULL, PRIMARY KEY (key, content)
) WITHOUT ROWID;
CREATE INDEX reads_by_content ON reads (content);

CREATE VIEW sources AS
    SELECT files.path, contents.id AS content, language, lines, interface, facts, text
    FROM files JOIN contents ON contents.id = files.content;
CREATE VIEW live_symbols AS
    SELECT files.path AS file, symbols.* FROM symbols JOIN files ON files.content = symbols.content;
CREATE VIEW live_units AS
    SELECT files.path AS file, files.changed, units.*
    FROM units JOIN files ON files.content = units.content;
CREATE VIEW named_edges AS
    SELECT source.file AS source_file, source.symbol AS source, kind,
        target.file AS target_file, target.symbol AS target, trust, lines
    FROM edges JOIN nodes AS source ON source.id = edges.source
    JOIN nodes AS target ON target.id = edges.target
"""
