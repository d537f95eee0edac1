-- Accounts, AccessKeys and the store itself.

-- name: account_by_name
-- The id of an account.
SELECT id FROM account WHERE name = :name

-- name: add_account
-- A new account.
INSERT INTO account (name, created_ms) VALUES (:name, :now_ms) RETURNING id

-- name: probe
-- A write without a change.
UPDATE account SET name = name WHERE id = (SELECT min(id) FROM account)

-- name: access_key
-- A signing key by its public id; the gate's first question.
SELECT account_id, access_key_id, secret_sealed, is_active, policy FROM access_key WHERE access_key_id = :access_key_id

-- name: put_access_key
-- Add a key, or give the key another secret and policy.
INSERT INTO access_key (access_key_id, account_id, secret_sealed, is_active, policy, created_ms)
VALUES (:access_key_id, :account_id, :secret_sealed, :is_active, :policy, :now_ms)
ON CONFLICT (access_key_id) DO UPDATE
SET secret_sealed = excluded.secret_sealed, is_active = excluded.is_active, policy = excluded.policy
WHERE access_key.account_id = excluded.account_id
