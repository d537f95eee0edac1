-- Accounts, keys with names, the audit trail and the tokens of creating calls.

ALTER TABLE access_key ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE access_key ADD COLUMN modified_ms INTEGER NOT NULL DEFAULT 0;
UPDATE access_key SET modified_ms = created_ms;
CREATE INDEX access_key_of_account ON access_key (account_id, created_ms);

-- One chain per account (I15, I16): `hash` is keyed and covers the hash of the entry before. Nothing updates or deletes here.
CREATE TABLE audit_entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  access_key_id TEXT NOT NULL,
  action TEXT NOT NULL,
  request_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  parameters TEXT NOT NULL,
  objects TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_entry_number ON audit_entry (account_id, number);
CREATE INDEX audit_entry_of_account ON audit_entry (account_id, id);
CREATE INDEX audit_entry_of_key ON audit_entry (account_id, access_key_id, id);
CREATE INDEX audit_entry_of_action ON audit_entry (account_id, action, id);

-- The newest entry of each chain, so that an append reads one row.
CREATE TABLE audit_head (
  account_id INTEGER PRIMARY KEY REFERENCES account (id),
  number INTEGER NOT NULL,
  hash TEXT NOT NULL
);

-- Creating calls that named themselves (I14). The answer is sealed: it may hold a secret (A05).
CREATE TABLE client_token (
  account_id INTEGER NOT NULL REFERENCES account (id),
  access_key_id TEXT NOT NULL,
  action TEXT NOT NULL,
  token TEXT NOT NULL,
  digest TEXT NOT NULL,
  answer_sealed BLOB NOT NULL,
  used_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, access_key_id, action, token)
) WITHOUT ROWID;
CREATE INDEX client_token_by_age ON client_token (used_ms);

INSERT INTO list_count (list, block, n) SELECT 'accounts', id >> 12, count(*) FROM account GROUP BY 2;
INSERT INTO list_count (list, block, n) SELECT 'accounts', -1, count(*) FROM account HAVING count(*) > 0;
