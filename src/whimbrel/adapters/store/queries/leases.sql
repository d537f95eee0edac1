-- Which of several processes leads the engine (I18).

-- name: lease
-- Who leads, as it is now.
SELECT holder, token, beat FROM engine_lease WHERE name = :name

-- name: add_lease
-- Nobody has led yet; again changes nothing.
INSERT INTO engine_lease (name, holder, token, beat) VALUES (:name, '', 0, 0) ON CONFLICT (name) DO NOTHING

-- name: claim_lease
-- Whether the lease is still as it was seen; then nobody changes it, or decides by it, before this transaction has ended.
SELECT 1 FROM engine_lease WHERE name = :name AND token = :token AND beat = :beat

-- name: move_lease
-- Another leads from now on, or nobody; the token of the one before is worth nothing any more.
UPDATE engine_lease SET holder = :holder, token = token + 1, beat = 0 WHERE name = :name AND token = :token

-- name: beat_lease
-- The leader lives.
UPDATE engine_lease SET beat = beat + 1 WHERE name = :name AND token = :token

-- name: hold_lease
-- Whether the token still leads; nobody takes the lease over before this transaction has ended.
SELECT 1 FROM engine_lease WHERE name = :name AND token = :token
