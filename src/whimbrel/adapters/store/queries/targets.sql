-- Whom a job is for: what is frozen when it starts, and what is gathered in chunks afterwards.

-- name: freeze_job
-- The newest device of now ends the set; gathering begins.
UPDATE job SET fill_until = :fill_until, gray_devices = :devices, gray_left = :devices, gather_after = :gather_after,
  is_gathered = :is_gathered, is_filled = :is_filled
WHERE id = :job_id

-- name: group_bound
-- The device id at which the next :devices_max members of a group end.
SELECT device_id FROM device_group_member WHERE group_id = :group_row_id AND device_id > :after
ORDER BY device_id LIMIT 1 OFFSET :devices_max - 1

-- name: gather_group
-- A group's members in (:after, :bound]. Of other products none becomes a task.
INSERT INTO job_target (job_id, device_id, place)
SELECT :job_id, d.id, {place}
FROM device_group_member g JOIN device d ON d.id = g.device_id
WHERE g.group_id = :group_row_id AND g.device_id > :after AND g.device_id <= :bound
ON CONFLICT DO NOTHING

-- name: jobs_gathering_group
-- Jobs whose target set is a group's members of a moment ago, as long as they are not all gathered.
SELECT account_id, id FROM job
WHERE status IN ('PLANNED', 'IN_PROGRESS') AND status = 'IN_PROGRESS' AND is_gathered = 0
  AND target_selection = 'GROUP' AND group_row_id = :group_row_id
ORDER BY id

-- name: add_target
-- A device named by itself.
INSERT INTO job_target (job_id, device_id, place)
SELECT :job_id, d.id, {place} FROM device d WHERE d.id = :device_id
ON CONFLICT DO NOTHING

-- columns: place
CASE WHEN CAST(:order_factor AS BIGINT) > 0
    THEN (d.gray_key * CAST(:order_factor AS BIGINT)) % 2147483648 END

-- name: gather_product
-- The product's devices in (:after, :bound], of an ordered job that takes all.
INSERT INTO job_target (job_id, device_id, place)
SELECT :job_id, d.id, {place}
FROM device d WHERE d.product_id = :product_id AND d.deleted_ms IS NULL AND d.id > :after AND d.id <= :bound
ON CONFLICT DO NOTHING

-- name: gray_bound
-- The key at which the next :devices_max devices of a product end, in the order of their keys.
SELECT gray_key FROM device
WHERE product_id = :product_id AND deleted_ms IS NULL AND gray_key > :after AND gray_key < :limit
ORDER BY gray_key, id LIMIT 1 OFFSET :devices_max - 1

-- name: gather_gray
-- The first :devices_left candidates with keys in (:after, :bound].
INSERT INTO job_target (job_id, device_id, place)
SELECT CAST(:job_id AS BIGINT), id, place FROM (
  SELECT d.id, {place} AS place FROM device d {reported}
  WHERE d.product_id = :product_id AND d.deleted_ms IS NULL AND d.id <= :until
    AND d.gray_key > :after AND d.gray_key <= :bound AND {is_candidate}
  ORDER BY d.gray_key, d.id LIMIT :devices_left) AS candidates
WHERE 1 = 1  -- or SQLite takes the next ON for a join's
ON CONFLICT DO NOTHING

-- name: next_list_part
-- The next part of a device list.
SELECT number FROM device_list_part WHERE object_key = :object_key AND number > :after ORDER BY number LIMIT 1

-- name: gather_list_part
-- The devices that a part names; unknown names are skipped, repeated ones merged (api-contract 10.2, 10.10).
INSERT INTO job_target (job_id, device_id, place)
WITH RECURSIVE entry (n) AS (
  SELECT 0 UNION ALL SELECT n + 1 FROM entry WHERE n < 499
)
SELECT CAST(:job_id AS BIGINT), d.id, {place}
FROM device_list_part l CROSS JOIN entry CROSS JOIN device d
WHERE entry.n < l.n AND d.product_id = :product_id
  AND d.device_name = rtrim(substr(l.names, entry.n * l.width + 1, l.width))
  AND l.object_key = :object_key AND l.number = :number AND d.deleted_ms IS NULL AND d.id <= :until
ON CONFLICT DO NOTHING

-- name: move_gather_cursor
-- The gathering has come so far.
UPDATE job SET gather_after = :gather_after, gray_left = gray_left - :taken, is_gathered = :is_gathered
WHERE id = :job_id

-- name: put_list_part
-- Some names of a device list.
INSERT INTO device_list_part (object_key, number, width, n, names) VALUES (:object_key, :number, :width, :n, :names)
ON CONFLICT DO NOTHING

-- name: put_device_list
-- An uploaded device list has been read.
INSERT INTO device_list (object_key, names, fault, stored_ms) VALUES (:object_key, :names, :fault, :stored_ms)
ON CONFLICT DO NOTHING

-- name: device_list
-- What was found in an uploaded device list.
SELECT names, fault FROM device_list WHERE object_key = :object_key

-- name: old_device_list
-- The oldest device list, when it is old and no job still gathers from it.
SELECT object_key FROM device_list l
WHERE stored_ms < :stored_before_ms
  AND NOT EXISTS (SELECT 1 FROM job j WHERE j.device_list_key <> '' AND j.device_list_key = l.object_key AND j.is_gathered = 0)
ORDER BY stored_ms LIMIT 1

-- name: forget_list_parts
-- The parts of a device list.
DELETE FROM device_list_part WHERE object_key = :object_key

-- name: forget_device_list
-- A device list.
DELETE FROM device_list WHERE object_key = :object_key

-- name: add_strategy
-- What a dynamic job follows; the unique index refuses a second one of its firmware.
INSERT INTO strategy (product_id, module_name, version, group_row_id, job_id, firmware_id)
VALUES (:product_id, :module_name, :version, :group_row_id, :job_id, :firmware_id)

-- name: end_strategy
-- A dynamic job follows nothing any more.
DELETE FROM strategy WHERE job_id = :job_id

-- name: strategy_of_version
-- The newest running dynamic job for a version.
SELECT {job_columns}
FROM strategy s JOIN job j ON j.id = s.job_id JOIN product p ON p.id = j.product_id
WHERE s.product_id = :product_id AND s.module_name = :module_name AND s.version = :version AND s.group_row_id = 0
ORDER BY s.job_id DESC LIMIT 1

-- name: strategies_of_group
-- The running dynamic jobs for a group.
SELECT {job_columns}
FROM strategy s JOIN job j ON j.id = s.job_id JOIN product p ON p.id = j.product_id
WHERE s.group_row_id = :group_row_id AND s.group_row_id <> 0 ORDER BY s.job_id
