-- Devices that are registered many at a time.

-- columns: apply_columns
a.id, a.account_id, a.product_id, p.product_key, a.status, a.is_random, a.names, a.done_number, a.failed, a.created_ms

-- name: add_apply
-- A new apply.
INSERT INTO device_apply (account_id, product_id, status, is_random, names, created_ms, modified_ms)
VALUES (:account_id, :product_id, :status, :is_random, :names, :now_ms, :now_ms)
RETURNING id

-- name: apply_by_id
-- One apply of an account.
SELECT {apply_columns}
FROM device_apply a JOIN product p ON p.id = a.product_id
WHERE a.account_id = :account_id AND a.id = :apply_id

-- name: oldest_running_apply
-- The apply to go on with.
SELECT {apply_columns}
FROM device_apply a JOIN product p ON p.id = a.product_id
WHERE a.status = 'CREATE' ORDER BY a.id LIMIT 1

-- name: names_to_register
-- How many devices a product's running applies will still make.
SELECT coalesce(sum(names - done_number), 0) FROM device_apply WHERE product_id = :product_id AND status = 'CREATE'

-- name: add_apply_name
-- One name of an apply.
INSERT INTO device_apply_name (apply_id, number, device_name, nickname, fault)
VALUES (:apply_id, :number, :device_name, :nickname, :fault)
ON CONFLICT DO NOTHING

-- name: apply_names
-- The next names of an apply, by their numbers.
SELECT device_name, nickname, fault FROM device_apply_name
WHERE apply_id = :apply_id AND number > :after ORDER BY number LIMIT :limit

-- name: blame_apply_name
-- A name that became no device, and why.
UPDATE device_apply_name SET fault = :fault WHERE apply_id = :apply_id AND number = :number

-- name: move_apply
-- Compare and set of an apply's status and of how far it has come.
UPDATE device_apply SET status = :status, done_number = :done_number, failed = :failed, modified_ms = :now_ms
WHERE id = :apply_id AND status = :old_status AND done_number = :old_done_number
