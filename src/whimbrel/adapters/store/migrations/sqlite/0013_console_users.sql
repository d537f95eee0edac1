-- Users of the console: who they are, the links that invite them, and the browsers that have signed in.

-- A name is unique in its account whatever its case. `password_hash` is '' until an invitation was followed.
CREATE TABLE console_user (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  folded TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('VIEWER', 'RELEASER', 'ADMIN')),
  password_hash TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'DISABLED')),
  language TEXT NOT NULL DEFAULT '',
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  last_sign_in_ms INTEGER
);
CREATE UNIQUE INDEX console_user_name ON console_user (account_id, folded);
-- What the references of the next two lead to: a user is always named with the account (I15).
CREATE UNIQUE INDEX console_user_of_account ON console_user (account_id, id);

-- Links that work once; only their digests are kept (A15). A user has at most one, and an account one for its first admin.
CREATE TABLE console_invitation (
  token_digest TEXT PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  user_id INTEGER,
  purpose TEXT NOT NULL CHECK (purpose IN ('USER', 'FIRST')),
  created_by TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  FOREIGN KEY (account_id, user_id) REFERENCES console_user (account_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX console_invitation_of_user ON console_invitation (account_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX console_invitation_first ON console_invitation (account_id) WHERE user_id IS NULL;
CREATE INDEX console_invitation_by_age ON console_invitation (expires_ms);

-- Browsers that have signed in, by the digest of their cookie. A number is never given twice: who ends one ends that one.
CREATE TABLE console_session (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  token_digest TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  FOREIGN KEY (account_id, user_id) REFERENCES console_user (account_id, id)
);
CREATE UNIQUE INDEX console_session_token ON console_session (token_digest);
CREATE INDEX console_session_of_user ON console_session (account_id, user_id, id);
CREATE INDEX console_session_of_account ON console_session (account_id, id);
CREATE INDEX console_session_by_end ON console_session (expires_ms);
CREATE INDEX console_session_by_use ON console_session (seen_ms);
