-- The catalogue's tables. Everything here is derived from sources and may be dropped; history.sql holds what may not.

CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE source (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, location TEXT NOT NULL, licence TEXT NOT NULL, licence_url TEXT NOT NULL,
    show_bodies INTEGER NOT NULL, repository TEXT NOT NULL, "commit" TEXT NOT NULL, synced TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE file (
    source TEXT NOT NULL, path TEXT NOT NULL, hash BLOB NOT NULL, size INTEGER NOT NULL, mtime INTEGER NOT NULL,
    PRIMARY KEY (source, path)
) WITHOUT ROWID;

CREATE TABLE failure (
    number INTEGER PRIMARY KEY, source TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,
    line INTEGER NOT NULL, "column" INTEGER NOT NULL, rule TEXT NOT NULL DEFAULT ''
);
CREATE INDEX failure_by_file ON failure (source, path);
CREATE INDEX failure_by_kind ON failure (kind, message);

CREATE TABLE rule (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL, title TEXT NOT NULL, language TEXT NOT NULL,
    format TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, status TEXT NOT NULL, source TEXT NOT NULL,
    path TEXT NOT NULL, created TEXT NOT NULL, modified TEXT NOT NULL, licence TEXT NOT NULL, time TEXT NOT NULL DEFAULT '',
    retrieved TEXT NOT NULL DEFAULT '', understood INTEGER NOT NULL, parsed INTEGER NOT NULL, forwards INTEGER NOT NULL,
    outline BLOB NOT NULL, likeness BLOB NOT NULL, family INTEGER NOT NULL DEFAULT 0, alike INTEGER NOT NULL DEFAULT 0,
    verdict TEXT NOT NULL DEFAULT '', fires TEXT NOT NULL DEFAULT '', tested INTEGER NOT NULL DEFAULT 0,
    confidence INTEGER NOT NULL DEFAULT 0,
    card BLOB NOT NULL, model BLOB NOT NULL
);
CREATE INDEX rule_by_time ON rule (time DESC, title);
CREATE INDEX rule_by_id ON rule (id);
CREATE INDEX rule_by_file ON rule (source, path);
CREATE INDEX rule_by_outline ON rule (outline);
CREATE INDEX rule_by_likeness ON rule (likeness);
CREATE INDEX rule_by_family ON rule (family);

CREATE TABLE query (rule INTEGER PRIMARY KEY, model BLOB NOT NULL);

CREATE TABLE predicate (
    number INTEGER PRIMARY KEY, field TEXT NOT NULL, op TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (field, op, value)
);
CREATE INDEX predicate_by_value ON predicate (value);

CREATE TABLE indicator (
    rule INTEGER NOT NULL, position INTEGER NOT NULL, predicate INTEGER NOT NULL, negated INTEGER NOT NULL,
    field TEXT NOT NULL, op TEXT NOT NULL, value BLOB, cased INTEGER NOT NULL,
    PRIMARY KEY (rule, position)
) WITHOUT ROWID;
CREATE INDEX indicator_by_predicate ON indicator (predicate, negated, rule);

CREATE TABLE predicate_count (
    predicate INTEGER NOT NULL, negated INTEGER NOT NULL, language TEXT NOT NULL, rules INTEGER NOT NULL,
    PRIMARY KEY (predicate, negated, language)
) WITHOUT ROWID;

CREATE TABLE column_count (
    "table" TEXT NOT NULL, "column" TEXT NOT NULL, rules INTEGER NOT NULL, PRIMARY KEY ("table", "column")
) WITHOUT ROWID;

CREATE TABLE facet (
    kind TEXT NOT NULL, value TEXT NOT NULL, rule INTEGER NOT NULL, PRIMARY KEY (kind, value, rule)
) WITHOUT ROWID;
CREATE INDEX facet_by_rule ON facet (rule, kind, value);

CREATE TABLE posting (
    kind TEXT NOT NULL, value TEXT NOT NULL, rules INTEGER NOT NULL, bits BLOB NOT NULL, PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX posting_by_size ON posting (kind, rules DESC);

CREATE TABLE opaque (rule INTEGER NOT NULL, keyword TEXT NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (rule, keyword)) WITHOUT ROWID;

CREATE TABLE words (
    number INTEGER PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, body TEXT NOT NULL, "values" TEXT NOT NULL,
    tags TEXT NOT NULL
);
CREATE VIRTUAL TABLE search USING fts5 (
    title, description, body, "values", tags, content = 'words', content_rowid = 'number',
    tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (search, row);
CREATE TABLE term (number INTEGER PRIMARY KEY, term TEXT NOT NULL, rules INTEGER NOT NULL);
CREATE VIRTUAL TABLE term_trigram USING fts5 (term, content = 'term', content_rowid = 'number', tokenize = 'trigram');
CREATE VIRTUAL TABLE value_trigram USING fts5 (value, content = 'predicate', content_rowid = 'number', tokenize = 'trigram');
