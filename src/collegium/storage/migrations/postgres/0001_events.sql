CREATE TABLE events (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at DOUBLE PRECISION NOT NULL,
    kind TEXT NOT NULL,
    query TEXT NOT NULL,
    expert TEXT NOT NULL,
    model TEXT NOT NULL,
    variant TEXT NOT NULL,
    origin TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX events_by_kind ON events (kind, number);
CREATE INDEX events_by_query ON events (query, number);
CREATE INDEX events_by_time ON events (at, number);
CREATE TABLE states (
    name TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    value TEXT NOT NULL
);
