-- What a job would do, read without making it; the rules are those of births.sql, whose parameters these are.

-- columns: preview_columns
d.id, {place}, CASE WHEN m.version = :dest_version THEN 1 ELSE 0 END,
  CASE WHEN CAST(:has_sources AS INTEGER) = 0 OR m.version IN (:source_0, :source_1, :source_2, :source_3, :source_4,
    :source_5, :source_6, :source_7, :source_8, :source_9) THEN 1 ELSE 0 END,
  CASE WHEN EXISTS (
    SELECT 1 FROM task o
    WHERE o.device_id = d.id AND o.status < 4 AND o.status >= CAST(:busy_from AS INTEGER) AND {stands_in_the_way}
  ) THEN 1 ELSE 0 END,
  CASE WHEN d.state = 1 THEN 0 ELSE 1 END

-- name: preview_keys
-- A product's devices with keys in (:after, :bound], or of them those of a dynamic group.
SELECT {preview_columns} FROM device d {reported}
WHERE d.product_id = :product_id AND d.deleted_ms IS NULL AND d.gray_key > :after AND d.gray_key <= :bound
  AND {is_of_rule}
ORDER BY d.gray_key, d.id

-- name: preview_slices
-- As preview_keys, of those whose places are in slices of domain/preview.py that :slices has a 1 for.
SELECT {preview_columns} FROM device d {reported}
WHERE d.product_id = :product_id AND d.deleted_ms IS NULL AND d.gray_key > :after AND d.gray_key <= :bound
  AND {is_of_rule}
  AND substr(CAST(:slices AS TEXT), CAST({place} / 524288 AS INTEGER) + 1, 1) = '1'

-- name: preview_members
-- The next members of a group, each with its id; those that are no devices of the product come without more.
SELECT g.device_id, {preview_columns}
FROM (SELECT device_id FROM device_group_member WHERE group_id = :group_row_id AND device_id > :after
    ORDER BY device_id LIMIT :devices_max) AS g
  LEFT JOIN device d ON d.id = g.device_id AND d.product_id = :product_id AND d.deleted_ms IS NULL {reported}
ORDER BY g.device_id

-- name: preview_list_part
-- The devices that a part of a device list names.
WITH RECURSIVE entry (n) AS (
  SELECT 0 UNION ALL SELECT n + 1 FROM entry WHERE n < 499
)
SELECT {preview_columns}
FROM device_list_part l CROSS JOIN entry CROSS JOIN device d {reported}
WHERE entry.n < l.n AND d.product_id = :product_id
  AND d.device_name = rtrim(substr(l.names, entry.n * l.width + 1, l.width))
  AND l.object_key = :object_key AND l.number = :number AND d.deleted_ms IS NULL

-- name: preview_devices
-- These devices.
SELECT {preview_columns} FROM ({given_ids}) AS given JOIN device d ON d.id = given.id {reported}
WHERE d.product_id = :product_id AND d.deleted_ms IS NULL

-- name: device_names
-- The names of these devices.
SELECT d.id, d.device_name FROM ({given_ids}) AS given JOIN device d ON d.id = given.id
