-- Accounts, AccessKeys and the store itself.

-- columns: access_key_columns
k.account_id, k.access_key_id, k.secret_sealed, k.is_active, k.policy, k.name, k.created_ms, k.modified_ms

-- name: account_by_name
-- The id of an account.
SELECT id FROM account WHERE name = :name

-- name: add_account
-- A new account.
INSERT INTO account (name, created_ms) VALUES (:name, :now_ms) RETURNING id

-- name: probe
-- A write without a change.
UPDATE account SET name = name WHERE id = (SELECT min(id) FROM account)

-- name: account_by_id
-- One account.
SELECT id, name, created_ms FROM account WHERE id = :account_id

-- name: account_rollout
-- The policy that an account's new jobs carry.
SELECT rollout FROM account WHERE id = :account_id

-- name: put_account_rollout
-- Another policy for an account's new jobs; '' is the one of this release.
UPDATE account SET rollout = :rollout WHERE id = :account_id

-- name: account_approval
-- Whether an account's rollouts need somebody else's approval.
SELECT approval FROM account WHERE id = :account_id

-- name: put_account_approval
-- Whether an account's rollouts need it from now on.
UPDATE account SET approval = :approval WHERE id = :account_id

-- name: accounts_page
-- All accounts, newest first.
SELECT id, name, created_ms FROM account WHERE id < :below ORDER BY id DESC LIMIT :size OFFSET :skip

-- name: accounts_after
-- The next accounts in the order of their making, whatever the counters say.
SELECT id, name, created_ms FROM account WHERE id > :account_id ORDER BY id LIMIT :limit

-- name: access_key
-- A signing key by its public id; the gate's first question.
SELECT {access_key_columns} FROM access_key k WHERE k.access_key_id = :access_key_id

-- name: put_access_key
-- Add a key, or give this account's key another secret, state, policy and name.
INSERT INTO access_key (access_key_id, account_id, secret_sealed, is_active, policy, name, created_ms, modified_ms)
VALUES (:access_key_id, :account_id, :secret_sealed, :is_active, :policy, :name, :now_ms, :now_ms)
ON CONFLICT (access_key_id) DO UPDATE
SET secret_sealed = excluded.secret_sealed, is_active = excluded.is_active, policy = excluded.policy,
  name = excluded.name, modified_ms = excluded.modified_ms
WHERE access_key.account_id = excluded.account_id

-- name: delete_access_key
-- A deleted key looks as if it had never been.
DELETE FROM access_key WHERE access_key_id = :access_key_id AND account_id = :account_id

-- name: access_keys_page
-- An account's keys, newest first; there are at most ACCESS_KEYS_MAX.
SELECT {access_key_columns} FROM access_key k WHERE k.account_id = :account_id
ORDER BY k.created_ms DESC, k.access_key_id LIMIT :size OFFSET :skip

-- name: access_keys_total
-- How many keys an account has.
SELECT count(*) FROM access_key WHERE account_id = :account_id
