-- Devices, presence and reported versions.

-- columns: device_columns
d.id, d.account_id, d.product_id, p.product_key, p.name, p.node_type, d.device_name, d.iot_id, d.secret_sealed,
  d.nickname, d.state, d.state_ms, d.created_ms, d.modified_ms, d.activated_ms, d.last_online_ms, d.ip_address

-- name: add_device
-- A new device; no row comes back when the name is taken. (An error would cost a savepoint for each device.)
INSERT INTO device (account_id, product_id, device_name, iot_id, secret_sealed, nickname, state, state_ms, gray_key,
  apply_id, created_ms, modified_ms)
VALUES (:account_id, :product_id, :device_name, :iot_id, :secret_sealed, :nickname, 0, :created_ms, :gray_key,
  :apply_id, :created_ms, :created_ms)
ON CONFLICT DO NOTHING
RETURNING id

-- name: device_by_name
-- A device by its product's key and its name; a deleted one is not found, not even by the name that it was left.
SELECT {device_columns}
FROM product p JOIN device d ON d.product_id = p.id
WHERE p.account_id = :account_id AND p.product_key = :product_key AND d.device_name = :device_name
  AND d.deleted_ms IS NULL

-- name: device_by_iot_id
-- A device by its IotId.
SELECT {device_columns}
FROM device d JOIN product p ON p.id = d.product_id
WHERE d.account_id = :account_id AND d.iot_id = :iot_id AND d.deleted_ms IS NULL

-- name: devices_page
-- A product's devices, newest first.
SELECT {device_columns}
FROM (SELECT id FROM device WHERE product_id = :product_id AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id
WHERE d.account_id = :account_id ORDER BY d.id DESC

-- name: devices_page_of_product_state
-- A product's devices in one state, newest first.
SELECT {device_columns}
FROM (SELECT id FROM device WHERE product_id = :product_id AND state = :state AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id
WHERE d.account_id = :account_id ORDER BY d.id DESC

-- name: devices_page_of_account_state
-- An account's devices in one state, newest first.
SELECT {device_columns}
FROM (SELECT id FROM device WHERE account_id = :account_id AND state = :state AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id ORDER BY d.id DESC

-- name: devices_page_of_apply
-- What was registered for an apply, newest first.
SELECT {device_columns}
FROM (SELECT id FROM device WHERE apply_id = :apply_id AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id
WHERE d.account_id = :account_id ORDER BY d.id DESC

-- name: count_members
-- Of the next :members_max members of a group after a device: the last one's id, and how many are there, online, activated.
SELECT max(d.id), coalesce(sum(CASE WHEN is_counted = 1 THEN 1 ELSE 0 END), 0),
  coalesce(sum(CASE WHEN is_counted = 1 AND state = 1 THEN 1 ELSE 0 END), 0),
  coalesce(sum(CASE WHEN is_counted = 1 AND activated_ms IS NOT NULL THEN 1 ELSE 0 END), 0)
FROM (
  SELECT e.id, e.state, e.activated_ms, CASE
    WHEN e.deleted_ms IS NULL AND (CAST(:product_id AS BIGINT) IS NULL OR e.product_id = :product_id) THEN 1
    ELSE 0 END AS is_counted
  FROM (SELECT device_id FROM device_group_member WHERE group_id = :group_row_id AND device_id > :after
    ORDER BY device_id LIMIT :members_max) AS piece
  JOIN device e ON e.id = piece.device_id
) AS d

-- name: device_id_by_name
-- A device's id inside a product; a deleted one is not found, not even by the name that it was left.
SELECT id FROM device
WHERE account_id = :account_id AND product_id = :product_id AND device_name = :device_name AND deleted_ms IS NULL

-- name: taken_device_names
-- Those of :n names that a product has; each is padded with blanks to 32 characters in :names, so that one statement
-- asks for many on every engine.
WITH RECURSIVE place (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < CAST(:n AS BIGINT))
SELECT d.device_name FROM place JOIN device d
  ON d.product_id = :product_id AND d.device_name = rtrim(substr(CAST(:names AS TEXT), 1 + i * 32, 32))
  AND d.deleted_ms IS NULL

-- name: devices_of_names
-- A product's devices of :n names, padded as for taken_device_names.
WITH RECURSIVE place (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < CAST(:n AS BIGINT))
SELECT {device_columns} FROM place JOIN device d
  ON d.product_id = :product_id AND d.device_name = rtrim(substr(CAST(:names AS TEXT), 1 + i * 32, 32))
  AND d.deleted_ms IS NULL
JOIN product p ON p.id = d.product_id

-- name: devices_of_iot_ids
-- Who has which of :n IotIds, each padded with blanks to 64 characters in :iot_ids; of all accounts, deleted ones too.
WITH RECURSIVE place (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < CAST(:n AS BIGINT))
SELECT d.iot_id, d.id, d.account_id, d.product_id, CASE WHEN d.deleted_ms IS NULL THEN 0 ELSE 1 END
FROM place JOIN device d ON d.iot_id = rtrim(substr(CAST(:iot_ids AS TEXT), 1 + i * 64, 64))

-- name: give_up_iot_id
-- A deleted device's IotId is free for an import into the same account; its tasks show it with the row's id.
UPDATE device SET iot_id = iot_id || '~' || id
WHERE iot_id = :iot_id AND account_id = :account_id AND deleted_ms IS NOT NULL

-- name: import_device
-- As add_device, for many at a time: which rows came is asked afterwards.
INSERT INTO device (account_id, product_id, device_name, iot_id, secret_sealed, nickname, state, state_ms, gray_key,
  created_ms, modified_ms)
VALUES (:account_id, :product_id, :device_name, :iot_id, :secret_sealed, :nickname, 0, :created_ms, :gray_key,
  :created_ms, :created_ms)
ON CONFLICT DO NOTHING

-- name: largest_device_id
-- The id of a product's newest device.
SELECT coalesce(max(id), 0) FROM device WHERE product_id = :product_id AND deleted_ms IS NULL

-- name: device_logins
-- What the device door checks :n claims against, keys and names padded with blanks to 30 and 32 characters; a deleted
-- device or product is not found. CROSS JOIN keeps SQLite from reading the devices first.
WITH RECURSIVE place (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < CAST(:n AS BIGINT))
SELECT place.i, d.id, d.account_id, d.iot_id, d.secret_sealed, d.state, d.token_digest, d.token_client_id
FROM place CROSS JOIN product p CROSS JOIN device d
WHERE p.product_key = rtrim(substr(CAST(:product_keys AS TEXT), 1 + i * 30, 30)) AND d.product_id = p.id
  AND d.device_name = rtrim(substr(CAST(:device_names AS TEXT), 1 + i * 32, 32)) AND d.deleted_ms IS NULL

-- name: rename_device
-- Another nickname, or none.
UPDATE device SET nickname = :nickname, modified_ms = :now_ms WHERE id = :device_id AND deleted_ms IS NULL

-- name: reset_enrolment
-- The device may fetch its secret by dynamic registration once more, also if it has connected already.
UPDATE device SET enrolled_ms = NULL, enrolments = 0, is_reopened = 1, modified_ms = :now_ms
WHERE id = :device_id AND deleted_ms IS NULL
  AND (enrolled_ms IS NOT NULL OR (activated_ms IS NOT NULL AND is_reopened = 0))

-- name: move_device_state
-- Compare and set of a device's state by an operation.
UPDATE device SET state = :new, state_ms = :now_ms, modified_ms = :now_ms
WHERE id = :device_id AND state = :old AND deleted_ms IS NULL

-- name: delete_device
-- The row stays for the tasks it had; its name is free again.
UPDATE device SET deleted_ms = :now_ms, modified_ms = :now_ms, device_name = device_name || '~' || id
WHERE id = :device_id AND state = :state AND deleted_ms IS NULL
RETURNING apply_id, activated_ms

-- name: delete_presence_of
-- Whatever session the device has: it counts no more.
DELETE FROM presence WHERE device_id = :device_id

-- name: device_back_online
-- An offline device is online: the frequent case, in one statement.
UPDATE device SET state = 1, state_ms = :now_ms, last_online_ms = :now_ms, ip_address = :ip_address
WHERE id = :device_id AND state = 3 AND deleted_ms IS NULL
RETURNING account_id, product_id

-- name: device_state
-- A device's state and place; a deleted one has none.
SELECT account_id, product_id, state, activated_ms FROM device WHERE id = :device_id AND deleted_ms IS NULL

-- name: device_online
-- A device connects for the first time, or while its old session is still there.
UPDATE device SET state = 1, state_ms = CASE state WHEN 1 THEN state_ms ELSE :now_ms END,
  activated_ms = coalesce(activated_ms, :now_ms), last_online_ms = :now_ms, ip_address = :ip_address
WHERE id = :device_id AND state = :state AND deleted_ms IS NULL

-- name: device_offline
-- A device's session ended; a disabled or deleted one keeps its state.
UPDATE device SET state = 3, state_ms = :now_ms WHERE id = :device_id AND state = 1 AND deleted_ms IS NULL
RETURNING account_id, product_id

-- name: device_gone
-- As device_offline, for many in turn.
UPDATE device SET state = 3, state_ms = :now_ms WHERE id = :device_id AND state = 1 AND deleted_ms IS NULL

-- name: device_activated
-- A device that keeps no session was heard for the first time.
UPDATE device SET state = 3, state_ms = :now_ms, activated_ms = :now_ms, last_online_ms = :now_ms,
  ip_address = :ip_address
WHERE id = :device_id AND state = 0 AND deleted_ms IS NULL
RETURNING account_id, product_id

-- name: device_last_seen
-- A device's state, and when and where it was heard; a deleted one has none.
SELECT state, activated_ms, last_online_ms, ip_address FROM device WHERE id = :device_id AND deleted_ms IS NULL

-- name: device_seen
-- A device that keeps no session was heard again.
UPDATE device SET last_online_ms = :now_ms, ip_address = :ip_address WHERE id = :device_id AND deleted_ms IS NULL

-- name: put_presence
-- The newest session of a device holds its presence.
INSERT INTO presence (device_id, node_id, session_id, since_ms) VALUES (:device_id, :node_id, :session_id, :now_ms)
ON CONFLICT (device_id) DO UPDATE
SET node_id = excluded.node_id, session_id = excluded.session_id, since_ms = excluded.since_ms

-- name: delete_presence
-- A session ended; a newer one of the same device keeps its row.
DELETE FROM presence WHERE device_id = :device_id AND node_id = :node_id AND session_id = :session_id

-- name: module_version
-- The version a device reported for a module.
SELECT version FROM module_version WHERE device_id = :device_id AND module_name = :module_name

-- name: reported_before
-- A device's product, and the version it reported for a module so far.
SELECT d.product_id, m.version
FROM device d LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = :module_name
WHERE d.id = :device_id AND d.deleted_ms IS NULL

-- name: reported_versions
-- All that a device reported (bounded by MODULES_PER_DEVICE_MAX).
SELECT module_name, version FROM module_version WHERE device_id = :device_id ORDER BY module_name

-- name: module_versions_total
-- How many modules a device has reported (bounded by MODULES_PER_DEVICE_MAX).
SELECT count(*) FROM module_version WHERE device_id = :device_id

-- name: put_module_version
-- What a device reported.
INSERT INTO module_version (device_id, module_name, version, reported_ms)
VALUES (:device_id, :module_name, :version, :now_ms)
ON CONFLICT (device_id, module_name) DO UPDATE SET version = excluded.version, reported_ms = excluded.reported_ms

-- name: touch_module_version
-- A device reported what it had reported: no index of versions is written.
UPDATE module_version SET reported_ms = :now_ms WHERE device_id = :device_id AND module_name = :module_name

-- name: module_versions_page
-- What a device reported, the module `default` first, then newest first; a device has few modules.
SELECT module_name, version, reported_ms FROM module_version WHERE device_id = :device_id
ORDER BY module_name <> 'default', reported_ms DESC, module_name LIMIT :size OFFSET :skip
