-- Casebook case file, schema 1.
-- Tables are plural and hold what was imported; views are singular and are what scripts and findings read.
-- Times are nanoseconds since the epoch, sizes bytes, NULL means "the source did not say".

CREATE TABLE case_state (
    key   TEXT PRIMARY KEY,  -- generation: changes whenever rows come or go
    value
) WITHOUT ROWID;
INSERT INTO case_state VALUES ('generation', 0);

CREATE TABLE import_files (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again after forget
    path         TEXT NOT NULL,     -- as given; members of archives as archive!/member
    importer     TEXT NOT NULL,
    window       TEXT,              -- the window evidence without time belongs to
    records      INTEGER NOT NULL,  -- in the format's own unit; stored + dropped
    stored       INTEGER NOT NULL,
    repaired     INTEGER NOT NULL,  -- of the stored ones
    dropped      INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,  -- of the content after decompression
    seconds      REAL NOT NULL,
    content_hash TEXT NOT NULL      -- XXH3-128 of the content after decompression
);

CREATE TABLE import_notes (
    file_id INTEGER NOT NULL,
    line    INTEGER,                -- line, or byte offset of a binary format; the first place
    code    TEXT NOT NULL,
    detail  TEXT NOT NULL,
    count   INTEGER NOT NULL
);

CREATE TABLE windows (
    name    TEXT PRIMARY KEY,
    role    TEXT NOT NULL,          -- baseline incident after, or empty
    from_ns INTEGER NOT NULL,       -- half-open [from, to)
    to_ns   INTEGER NOT NULL
) WITHOUT ROWID;

-- Spans live in self-contained column chunks (analyzers/store/span_chunk.h). The tables span and span_attribute are
-- virtual and read them.
CREATE TABLE span_chunks (
    id           INTEGER PRIMARY KEY,
    file_id      INTEGER NOT NULL,
    spans        INTEGER NOT NULL,
    raw_bytes    INTEGER NOT NULL,  -- before compression
    min_start_ns INTEGER NOT NULL,
    max_start_ns INTEGER NOT NULL,
    columns      BLOB NOT NULL      -- zstd
);

CREATE TABLE metric_series (
    id      INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL,
    name    TEXT NOT NULL,
    labels  TEXT NOT NULL,          -- JSON object of strings, keys sorted
    unit    TEXT NOT NULL
);
CREATE TABLE metric_samples (
    series_id INTEGER NOT NULL,
    at_ns     INTEGER NOT NULL,
    value     REAL NOT NULL
);
CREATE INDEX metric_samples_by_series ON metric_samples (series_id, at_ns);

CREATE TABLE statements (
    file_id        INTEGER NOT NULL,
    snapshot_at_ns INTEGER,
    query_id       TEXT NOT NULL,
    fingerprint    TEXT NOT NULL,   -- Casebook's own, over dialects and spellings
    query          TEXT NOT NULL,
    calls          INTEGER NOT NULL,
    rows           INTEGER,
    total_ms       REAL NOT NULL,
    mean_ms        REAL,
    min_ms         REAL,
    max_ms         REAL,
    stddev_ms      REAL,
    shared_hit     INTEGER,         -- blocks
    shared_read    INTEGER,
    temp_written   INTEGER
);

CREATE TABLE plans (
    id           INTEGER PRIMARY KEY,
    file_id      INTEGER NOT NULL,
    format       TEXT NOT NULL,     -- text json yaml xml
    query_id     TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    query        TEXT NOT NULL,
    at_ns        INTEGER,
    planning_ms  REAL,
    execution_ms REAL,
    nodes        INTEGER NOT NULL,
    source_line  INTEGER,
    detail       TEXT NOT NULL      -- settings, JIT, triggers as JSON
);
CREATE TABLE plan_nodes (
    plan_id      INTEGER NOT NULL,
    node_id      INTEGER NOT NULL,  -- pre-order
    parent_id    INTEGER,
    depth        INTEGER NOT NULL,
    node_type    TEXT NOT NULL,
    relation     TEXT NOT NULL,
    index_name   TEXT NOT NULL,
    plan_rows    REAL,
    actual_rows  REAL,              -- per loop
    loops        REAL,
    total_ms     REAL,              -- over all loops
    self_ms      REAL,
    rows_removed REAL,              -- over all loops
    shared_hit   INTEGER,
    shared_read  INTEGER,
    temp_written INTEGER,
    workers      INTEGER,
    detail       TEXT NOT NULL,     -- every other property as JSON
    PRIMARY KEY (plan_id, node_id)
) WITHOUT ROWID;

CREATE TABLE heap_classes (
    file_id   INTEGER NOT NULL,
    at_ns     INTEGER,
    class     TEXT NOT NULL,
    instances INTEGER NOT NULL,
    bytes     INTEGER NOT NULL
);

CREATE TABLE gc_pauses (
    file_id        INTEGER NOT NULL,
    at_ns          INTEGER,
    collector      TEXT NOT NULL,
    kind           TEXT NOT NULL,
    cause          TEXT NOT NULL,
    pause_ms       REAL NOT NULL,
    before_bytes   INTEGER,
    after_bytes    INTEGER,
    capacity_bytes INTEGER
);

CREATE TABLE threads (
    file_id    INTEGER NOT NULL,
    at_ns      INTEGER,
    name       TEXT NOT NULL,
    state      TEXT NOT NULL,
    waiting_on TEXT NOT NULL,
    holding    TEXT NOT NULL,
    top_frame  TEXT NOT NULL
);

CREATE TABLE events (
    file_id INTEGER NOT NULL,
    at_ns   INTEGER NOT NULL,
    kind    TEXT NOT NULL,          -- deploy config restart oom ...
    service TEXT NOT NULL,
    text    TEXT NOT NULL
);

CREATE TABLE sessions (
    file_id         INTEGER NOT NULL,
    at_ns           INTEGER,
    pid             INTEGER NOT NULL,
    user            TEXT NOT NULL,
    database        TEXT NOT NULL,
    application     TEXT NOT NULL,
    state           TEXT NOT NULL,
    wait_event_type TEXT NOT NULL,
    wait_event      TEXT NOT NULL,
    blocked_by      TEXT NOT NULL,  -- pids, comma separated
    xact_age_ms     REAL,
    query_age_ms    REAL,
    query           TEXT NOT NULL,
    state_age_ms    REAL,
    backend_type    TEXT NOT NULL,  -- client backend, walsender, autovacuum worker ...; empty when not said
    leader_pid      INTEGER,        -- of parallel workers
    backend_xid     INTEGER,
    backend_xmin    INTEGER,        -- vacuum keeps what died after it
    lock_type       TEXT NOT NULL,  -- the lock it waits for: relation, transactionid, tuple ...
    lock_mode       TEXT NOT NULL,
    lock_relation   TEXT NOT NULL,
    lock_wait_ms    REAL
);

CREATE TABLE table_stats (
    file_id                INTEGER NOT NULL,
    at_ns                  INTEGER,
    relation               TEXT NOT NULL,
    live_rows              INTEGER,
    dead_rows              INTEGER,
    seq_scans              INTEGER,
    index_scans            INTEGER,
    last_vacuum_ns         INTEGER,
    last_analyze_ns        INTEGER,
    heap_hit               INTEGER,
    heap_read              INTEGER,
    index_hit              INTEGER,
    index_read             INTEGER,
    modified_since_analyze INTEGER,
    size_bytes             INTEGER,
    database               TEXT NOT NULL
);

CREATE TABLE profiles (
    file_id INTEGER NOT NULL,
    kind    TEXT NOT NULL,          -- cpu alloc wall lock
    stack   TEXT NOT NULL,          -- folded, root first
    value   REAL NOT NULL,
    unit    TEXT NOT NULL
);

CREATE TABLE log_lines (
    file_id     INTEGER NOT NULL,
    at_ns       INTEGER,
    service     TEXT NOT NULL,
    level       TEXT NOT NULL,
    text        TEXT NOT NULL,
    source_line INTEGER NOT NULL
);

CREATE TABLE settings (
    file_id INTEGER NOT NULL,       -- 0: typed in by hand
    source  TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    unit    TEXT NOT NULL
);

-- What the analyzers said last. The whole report is kept as JSON; the tables are for SQL.
CREATE TABLE verdicts (
    analyzer TEXT PRIMARY KEY,
    verdict  TEXT NOT NULL,
    reason   TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE findings (
    position INTEGER PRIMARY KEY,   -- contract order
    analyzer TEXT NOT NULL,
    key      TEXT NOT NULL,
    verdict  TEXT NOT NULL,
    severity TEXT NOT NULL,
    headline TEXT NOT NULL,
    impact   REAL NOT NULL,
    document TEXT NOT NULL          -- the finding as JSON
);
CREATE TABLE reports (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL,    -- of the rows it was made from
    document   TEXT NOT NULL,       -- the report as JSON
    inputs     TEXT NOT NULL        -- files and thresholds it was made from, and which analyzer read which threshold, as JSON
);
CREATE TABLE thresholds (
    name  TEXT PRIMARY KEY,         -- full name
    value REAL NOT NULL
) WITHOUT ROWID;

-- What people made of the findings, by the findings' stable names: kept when evidence goes, comes back or is analyzed anew.
CREATE TABLE finding_decisions (
    analyzer      TEXT NOT NULL,
    key           TEXT NOT NULL,
    state         TEXT NOT NULL,    -- open accepted dismissed
    reason        TEXT NOT NULL,    -- why it was dismissed
    note          TEXT NOT NULL,
    pinned        INTEGER NOT NULL,
    changed_at_ns INTEGER NOT NULL,
    PRIMARY KEY (analyzer, key)
) WITHOUT ROWID;
-- How the verdicts came to be what they are: one row whenever one changed.
CREATE TABLE verdict_changes (
    id       INTEGER PRIMARY KEY,
    at_ns    INTEGER NOT NULL,      -- when it was analyzed
    analyzer TEXT NOT NULL,
    key      TEXT NOT NULL,         -- of a finding; empty for the analyzer's answer as a whole
    before   TEXT NOT NULL,         -- verdict until then; empty when there was none
    verdict  TEXT NOT NULL,         -- empty when the finding is no longer found
    cause    TEXT NOT NULL          -- what had changed: "plan.json was imported"
);
CREATE INDEX verdict_changes_by_name ON verdict_changes (analyzer, key, id);

CREATE VIEW import_file AS SELECT id, path, importer, window, records, stored, repaired, dropped, bytes, seconds, content_hash FROM import_files;
CREATE VIEW import_note AS SELECT file_id, line, code, detail, count FROM import_notes;
CREATE VIEW window AS SELECT name, role, from_ns, to_ns FROM windows;
CREATE VIEW statement AS SELECT snapshot_at_ns, query_id, fingerprint, query, calls, rows, total_ms, mean_ms, min_ms, max_ms, stddev_ms,
    shared_hit, shared_read, temp_written, file_id FROM statements;
CREATE VIEW plan AS SELECT id, file_id, format, query_id, fingerprint, query, at_ns, planning_ms, execution_ms, nodes, source_line, detail FROM plans;
CREATE VIEW plan_node AS SELECT plan_id, node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, self_ms,
    rows_removed, shared_hit, shared_read, temp_written, workers, detail FROM plan_nodes;
CREATE VIEW heap_class AS SELECT file_id, at_ns, class, instances, bytes FROM heap_classes;
CREATE VIEW gc_pause AS SELECT file_id, at_ns, collector, kind, cause, pause_ms, before_bytes, after_bytes, capacity_bytes FROM gc_pauses;
CREATE VIEW thread AS SELECT file_id, at_ns, name, state, waiting_on, holding, top_frame FROM threads;
CREATE VIEW metric_point AS SELECT s.name, s.labels, s.unit, p.at_ns, p.value, s.file_id, s.id AS series_id
    FROM metric_series s JOIN metric_samples p ON p.series_id = s.id;
CREATE VIEW event AS SELECT at_ns, kind, service, text, file_id FROM events;
CREATE VIEW session AS SELECT at_ns, pid, user, database, application, state, wait_event_type, wait_event, blocked_by, xact_age_ms, query_age_ms, query,
    file_id, state_age_ms, backend_type, leader_pid, backend_xid, backend_xmin, lock_type, lock_mode, lock_relation, lock_wait_ms FROM sessions;
CREATE VIEW table_stat AS SELECT at_ns, relation AS "table", live_rows, dead_rows, seq_scans, index_scans, last_vacuum_ns, last_analyze_ns,
    heap_hit, heap_read, index_hit, index_read, modified_since_analyze, size_bytes, file_id, database FROM table_stats;
CREATE VIEW profile AS SELECT file_id, kind, stack, value, unit FROM profiles;
CREATE VIEW log_line AS SELECT at_ns, service, level, text, source_line, file_id FROM log_lines;
CREATE VIEW setting AS SELECT source, name, value, unit FROM settings;
CREATE VIEW verdict AS SELECT analyzer, verdict, reason FROM verdicts;
CREATE VIEW finding AS SELECT analyzer, key, verdict, severity, headline, impact FROM findings ORDER BY position;
CREATE VIEW finding_decision AS SELECT analyzer, key, state, reason, note, pinned, changed_at_ns FROM finding_decisions;
CREATE VIEW verdict_change AS SELECT at_ns, analyzer, key, before, verdict, cause FROM verdict_changes ORDER BY id;
