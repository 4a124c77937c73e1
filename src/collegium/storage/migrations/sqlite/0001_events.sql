CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    query TEXT NOT NULL,
    expert TEXT NOT NULL,
    model TEXT NOT NULL,
    variant TEXT NOT NULL,
    origin TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX events_by_kind ON events (kind, number);
CREATE INDEX events_by_query ON events (query);
CREATE INDEX events_by_time ON events (at);
CREATE TABLE states (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;
