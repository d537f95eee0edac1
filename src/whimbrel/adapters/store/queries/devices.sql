-- Devices, presence and reported versions.

-- columns: device_columns
d.id, d.account_id, d.product_id, p.product_key, p.name, p.node_type, d.device_name, d.iot_id, d.secret_sealed,
  d.nickname, d.is_disabled, d.created_ms, d.modified_ms, d.activated_ms, d.last_online_ms, d.ip_address, o.since_ms

-- name: add_device
-- A new device; the unique indexes refuse a taken name.
INSERT INTO device (account_id, product_id, device_name, iot_id, secret_sealed, nickname, created_ms, modified_ms)
VALUES (:account_id, :product_id, :device_name, :iot_id, :secret_sealed, :nickname, :created_ms, :created_ms)
RETURNING id

-- name: device_by_name
-- A device by its product's key and its name.
SELECT {device_columns}
FROM product p JOIN device d ON d.product_id = p.id LEFT JOIN presence o ON o.device_id = d.id
WHERE p.account_id = :account_id AND p.product_key = :product_key AND d.device_name = :device_name

-- name: device_by_iot_id
-- A device by its IotId.
SELECT {device_columns}
FROM device d JOIN product p ON p.id = d.product_id LEFT JOIN presence o ON o.device_id = d.id
WHERE d.account_id = :account_id AND d.iot_id = :iot_id

-- name: devices_page
-- A product's devices, newest first.
SELECT {device_columns}
FROM (SELECT id FROM device WHERE product_id = :product_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id LEFT JOIN presence o ON o.device_id = d.id
WHERE d.account_id = :account_id ORDER BY d.id DESC

-- name: device_id_by_name
-- A device's id inside a product.
SELECT id FROM device WHERE account_id = :account_id AND product_id = :product_id AND device_name = :device_name

-- name: largest_device_id
-- The id of a product's newest device.
SELECT coalesce(max(id), 0) FROM device WHERE product_id = :product_id

-- name: device_login
-- What the device door checks credentials against.
SELECT d.id, d.account_id, d.iot_id, d.secret_sealed, d.is_disabled
FROM product p JOIN device d ON d.product_id = p.id
WHERE p.product_key = :product_key AND d.device_name = :device_name

-- name: activate_device
-- A device is online; the first time activates it.
UPDATE device SET activated_ms = coalesce(activated_ms, :now_ms), last_online_ms = :now_ms, ip_address = :ip_address
WHERE id = :device_id

-- name: put_presence
-- The newest session of a device holds its presence.
INSERT INTO presence (device_id, node_id, session_id, since_ms) VALUES (:device_id, :node_id, :session_id, :now_ms)
ON CONFLICT (device_id) DO UPDATE
SET node_id = excluded.node_id, session_id = excluded.session_id, since_ms = excluded.since_ms

-- name: delete_presence
-- A session ended; a newer one of the same device keeps its row.
DELETE FROM presence WHERE device_id = :device_id AND node_id = :node_id AND session_id = :session_id

-- name: clear_presence
-- A node starts: nobody is connected to it.
DELETE FROM presence WHERE node_id = :node_id

-- name: module_version
-- The version a device reported for a module.
SELECT version FROM module_version WHERE device_id = :device_id AND module_name = :module_name

-- name: module_versions_total
-- How many modules a device has reported (bounded by MODULES_PER_DEVICE_MAX).
SELECT count(*) FROM module_version WHERE device_id = :device_id

-- name: put_module_version
-- What a device reported.
INSERT INTO module_version (device_id, module_name, version, reported_ms)
VALUES (:device_id, :module_name, :version, :now_ms)
ON CONFLICT (device_id, module_name) DO UPDATE SET version = excluded.version, reported_ms = excluded.reported_ms

-- name: module_versions_page
-- What a device reported, the module `default` first, then newest first; a device has few modules.
SELECT module_name, version, reported_ms FROM module_version WHERE device_id = :device_id
ORDER BY module_name <> 'default', reported_ms DESC, module_name LIMIT :size OFFSET :skip
