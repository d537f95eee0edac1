-- Users of the console, their invitations and sessions.

-- columns: console_user_columns
u.id, u.account_id, u.name, u.role, u.password_hash, u.status, u.language, u.created_ms, u.modified_ms, u.last_sign_in_ms

-- columns: console_session_columns
s.id, s.account_id, s.user_id, s.token_digest, s.created_ms, s.seen_ms, s.expires_ms, s.address, s.agent

-- name: console_user_by_name
-- A user of an account, by the folded name.
SELECT {console_user_columns} FROM console_user u WHERE u.account_id = :account_id AND u.folded = :folded

-- name: console_user_by_id
-- A user of an account.
SELECT {console_user_columns} FROM console_user u WHERE u.account_id = :account_id AND u.id = :user_id

-- name: add_console_user
-- A new user; the unique index refuses a name that is taken.
INSERT INTO console_user (account_id, name, folded, role, password_hash, status, language, created_ms, modified_ms,
  last_sign_in_ms)
VALUES (:account_id, :name, :folded, :role, :password_hash, :status, :language, :created_ms, :modified_ms,
  :last_sign_in_ms)
RETURNING id

-- name: put_console_user
-- Another role, password, status or language; the name stays.
UPDATE console_user SET role = :role, password_hash = :password_hash, status = :status, language = :language,
  modified_ms = :modified_ms, last_sign_in_ms = :last_sign_in_ms
WHERE account_id = :account_id AND id = :user_id

-- name: delete_console_user
-- Nothing is left of a user but what the audit trail says.
DELETE FROM console_user WHERE account_id = :account_id AND id = :user_id

-- name: console_users_page
-- An account's users, newest first; there are at most USERS_MAX.
SELECT {console_user_columns} FROM console_user u WHERE u.account_id = :account_id
ORDER BY u.id DESC LIMIT :size OFFSET :skip

-- name: console_users_total
-- How many users an account has.
SELECT count(*) FROM console_user WHERE account_id = :account_id

-- name: console_admins
-- How many active admins an account has beside one user who have a password, or came in by an identity provider.
SELECT count(*) FROM console_user
WHERE account_id = :account_id AND role = 'ADMIN' AND status = 'ACTIVE' AND (password_hash <> '' OR last_sign_in_ms IS NOT NULL)
  AND id <> :user_id

-- name: add_console_invitation
-- A new link.
INSERT INTO console_invitation (token_digest, account_id, user_id, purpose, created_by, created_ms, expires_ms)
VALUES (:token_digest, :account_id, :user_id, :purpose, :created_by, :created_ms, :expires_ms)

-- name: console_invitation
-- What a link invites to.
SELECT token_digest, account_id, user_id, purpose, created_by, created_ms, expires_ms
FROM console_invitation WHERE token_digest = :token_digest

-- name: end_console_invitation
-- A user's open link is void.
DELETE FROM console_invitation WHERE account_id = :account_id AND user_id = :user_id

-- name: end_first_console_invitation
-- An account's open link for its first admin is void.
DELETE FROM console_invitation WHERE account_id = :account_id AND user_id IS NULL

-- name: forget_console_invitations
-- Links whose time is over.
DELETE FROM console_invitation WHERE token_digest IN (
  SELECT token_digest FROM console_invitation WHERE expires_ms <= :now_ms ORDER BY expires_ms LIMIT :limit)

-- name: add_console_session
-- A browser has signed in.
INSERT INTO console_session (account_id, user_id, token_digest, created_ms, seen_ms, expires_ms, address, agent)
VALUES (:account_id, :user_id, :token_digest, :created_ms, :seen_ms, :expires_ms, :address, :agent)
RETURNING id

-- name: console_session
-- Whose session a token is, with the user and the account's name.
SELECT {console_session_columns}, {console_user_columns}, a.name
FROM console_session s JOIN console_user u ON u.id = s.user_id AND u.account_id = s.account_id
  JOIN account a ON a.id = s.account_id
WHERE s.token_digest = :token_digest

-- name: see_console_session
-- A session is in use; never earlier than it was.
UPDATE console_session SET seen_ms = :now_ms WHERE token_digest = :token_digest AND seen_ms < :now_ms

-- name: console_sessions_page
-- An account's sessions with their users' names, newest first.
SELECT {console_session_columns}, u.name
FROM console_session s JOIN console_user u ON u.id = s.user_id AND u.account_id = s.account_id
WHERE s.account_id = :account_id AND s.expires_ms > :now_ms AND s.seen_ms > :seen_after_ms
ORDER BY s.id DESC LIMIT :size OFFSET :skip

-- name: console_sessions_total
-- How many sessions an account has.
SELECT count(*) FROM console_session
WHERE account_id = :account_id AND expires_ms > :now_ms AND seen_ms > :seen_after_ms

-- name: console_sessions_of_user_page
-- A user's sessions, newest first.
SELECT {console_session_columns}, u.name
FROM console_session s JOIN console_user u ON u.id = s.user_id AND u.account_id = s.account_id
WHERE s.account_id = :account_id AND s.user_id = :user_id AND s.expires_ms > :now_ms AND s.seen_ms > :seen_after_ms
ORDER BY s.id DESC LIMIT :size OFFSET :skip

-- name: console_sessions_of_user_total
-- How many sessions a user has.
SELECT count(*) FROM console_session
WHERE account_id = :account_id AND user_id = :user_id AND expires_ms > :now_ms AND seen_ms > :seen_after_ms

-- name: end_console_session
-- One session is over.
DELETE FROM console_session WHERE account_id = :account_id AND id = :session_id

-- name: end_console_sessions
-- A user's sessions are over, but for the newest :kept.
DELETE FROM console_session WHERE account_id = :account_id AND user_id = :user_id AND id NOT IN (
  SELECT id FROM console_session WHERE account_id = :account_id AND user_id = :user_id ORDER BY id DESC LIMIT :kept)

-- name: forget_console_sessions
-- Sessions that were too old or too idle.
DELETE FROM console_session WHERE id IN (
  SELECT id FROM console_session WHERE expires_ms <= :now_ms OR seen_ms <= :seen_before_ms ORDER BY id LIMIT :limit)
