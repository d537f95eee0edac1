-- The audit trail, and the tokens of creating calls.

-- columns: audit_columns
a.account_id, a.number, a.at_ms, a.access_key_id, a.action, a.request_id, a.outcome, a.parameters, a.objects, a.hash

-- name: audit_head
-- The newest entry of an account's chain.
SELECT number, hash FROM audit_head WHERE account_id = :account_id

-- name: put_audit_head
-- The chain has grown.
INSERT INTO audit_head (account_id, number, hash) VALUES (:account_id, :number, :hash)
ON CONFLICT (account_id) DO UPDATE SET number = excluded.number, hash = excluded.hash

-- name: add_audit_entry
-- One link of the chain; the unique index refuses a second one of the same number.
INSERT INTO audit_entry (account_id, number, at_ms, access_key_id, action, request_id, outcome, parameters, objects, hash)
VALUES (:account_id, :number, :at_ms, :access_key_id, :action, :request_id, :outcome, :parameters, :objects, :hash)
RETURNING id

-- name: audit_page
-- An account's entries, newest first.
SELECT {audit_columns}
FROM (SELECT id FROM audit_entry WHERE account_id = :account_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN audit_entry a ON a.id = page.id ORDER BY a.id DESC

-- name: audit_page_of_key
-- What one AccessKey changed, newest first.
SELECT {audit_columns}
FROM (SELECT id FROM audit_entry WHERE account_id = :account_id AND access_key_id = :access_key_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN audit_entry a ON a.id = page.id ORDER BY a.id DESC

-- name: audit_page_of_action
-- The calls of one Action, newest first.
SELECT {audit_columns}
FROM (SELECT id FROM audit_entry WHERE account_id = :account_id AND action = :action AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN audit_entry a ON a.id = page.id ORDER BY a.id DESC

-- name: audit_page_from
-- An account's entries from this number down: the chain has no gaps, so it is a list of its own.
SELECT {audit_columns} FROM audit_entry a
WHERE a.account_id = :account_id AND a.number <= :number ORDER BY a.number DESC LIMIT :size

-- name: audit_time
-- When one link of an account's chain was entered.
SELECT at_ms FROM audit_entry WHERE account_id = :account_id AND number = :number

-- name: audit_after
-- The next links of an account's chain, oldest first.
SELECT {audit_columns} FROM audit_entry a
WHERE a.account_id = :account_id AND a.number > :number ORDER BY a.number LIMIT :limit

-- name: client_token
-- What a token was used for.
SELECT digest, answer_sealed FROM client_token
WHERE account_id = :account_id AND access_key_id = :access_key_id AND action = :action AND token = :token

-- name: add_client_token
-- A creating call and its answer, to be given again.
INSERT INTO client_token (account_id, access_key_id, action, token, digest, answer_sealed, used_ms)
VALUES (:account_id, :access_key_id, :action, :token, :digest, :answer_sealed, :now_ms)

-- name: forget_client_tokens
-- Tokens whose time is over.
DELETE FROM client_token WHERE (account_id, access_key_id, action, token) IN (
  SELECT account_id, access_key_id, action, token FROM client_token
  WHERE used_ms < :used_before_ms ORDER BY used_ms LIMIT :limit)
