-- How tasks are made: each statement is one bounded step over a product's devices or over a job's gathered targets.
-- CROSS JOIN is how SQLite is told to begin with a job's targets, and + that an index is not the one to use: it took the
-- product's devices and the job's open tasks, and looked at all of them for each step. For PostgreSQL, which does the same
-- with EXISTS, some are counted instead: a count is looked up for each row.
-- The rules are domain/job.targets_version and stands_in_the_way, domain/task.birth_status and OVERWRITABLE.

-- columns: birth_status
CASE WHEN EXISTS (
    SELECT 1 FROM task o
    WHERE o.device_id = d.id AND o.status < 4 AND {stands_in_the_way}) THEN 5 ELSE CAST(:birth_status AS INTEGER) END

-- columns: stands_in_the_way
(CAST(:open_scope AS TEXT) = ''
      OR EXISTS (SELECT 1 FROM job k WHERE k.id = o.job_id AND k.module_name = CAST(:open_scope AS TEXT)))

-- columns: reported
LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = :module_name

-- columns: is_target
d.product_id = :product_id AND d.deleted_ms IS NULL AND d.id <= :until
  AND (m.version IS NULL OR m.version <> :dest_version) AND {is_candidate}

-- columns: is_candidate
(CAST(:has_sources AS INTEGER) = 0
    OR EXISTS (SELECT 1 FROM job_source s WHERE s.job_id = :job_id AND s.version = m.version))

-- columns: is_of_rule
(CAST(:rule_group_id AS BIGINT) = 0 OR EXISTS (
    SELECT 1 FROM device_group g JOIN product p ON p.id = d.product_id
    WHERE g.id = CAST(:rule_group_id AS BIGINT) AND g.deleted_ms IS NULL AND {follows_rule_of_group}))

-- columns: of_product
d.id > :after AND d.id <= :bound AND {is_target} AND {is_of_rule}
  AND (CAST(:matches_max AS INTEGER) = 1
    OR (SELECT count(*) FROM task y WHERE y.job_id = :job_id AND y.device_id = d.id) = 0)

-- columns: of_targets
x.device_id > :after AND x.device_id <= :bound AND {is_gathered}

-- columns: of_places
x.place > :after AND x.place <= :bound AND {is_gathered}

-- columns: is_gathered
d.id = x.device_id AND x.job_id = :job_id AND {is_target}
  AND (SELECT count(*) FROM task y WHERE y.job_id = :job_id AND y.device_id = d.id) < CAST(:matches_max AS INTEGER)
  AND (CAST(:matches_max AS INTEGER) = 1
    OR (SELECT count(*) FROM task y WHERE y.job_id = :job_id AND y.device_id = d.id AND +y.status < 4) = 0)

-- name: fill_bound
-- The device id at which the next :devices_max devices of a product end.
SELECT id FROM device WHERE product_id = :product_id AND deleted_ms IS NULL AND id > :after AND id <= :until
ORDER BY id LIMIT 1 OFFSET :devices_max - 1

-- name: fill_bound_of_targets
-- The device id at which the next :devices_max gathered devices end.
SELECT device_id FROM job_target WHERE job_id = :job_id AND device_id > :after
ORDER BY device_id LIMIT 1 OFFSET :devices_max - 1

-- name: fill_bound_of_places
-- The place at which the next :devices_max gathered devices of an ordered job end.
SELECT place FROM job_target WHERE job_id = :job_id AND place > :after
ORDER BY place LIMIT 1 OFFSET :devices_max - 1

-- columns: standing_groups
id >> CAST(:block_bits AS INTEGER) AS block, job_id, {standing_columns}

-- columns: in_the_way
SELECT o.id FROM taken CROSS JOIN task o
  WHERE o.device_id = taken.id AND o.status < 4 AND +o.status = :old AND o.job_id <> :job_id AND {stands_in_the_way}

-- columns: in_the_way_of_product
WITH taken AS MATERIALIZED (SELECT d.id FROM device d {reported} WHERE {of_product}) {in_the_way}

-- columns: in_the_way_of_targets
WITH taken AS MATERIALIZED (SELECT d.id FROM job_target x CROSS JOIN device d {reported} WHERE {of_targets}) {in_the_way}

-- columns: in_the_way_of_places
WITH taken AS MATERIALIZED (SELECT d.id FROM job_target x CROSS JOIN device d {reported} WHERE {of_places}) {in_the_way}

-- name: standing_for_product
-- How many tasks in the status :old stand in the way of those that fill_product makes next, by all that is counted.
SELECT {standing_groups}, count(*) FROM task WHERE status = :old AND id IN ({in_the_way_of_product})
GROUP BY block, job_id, {standing_columns}

-- name: standing_for_targets
-- As standing_for_product, for fill_targets.
SELECT {standing_groups}, count(*) FROM task WHERE status = :old AND id IN ({in_the_way_of_targets})
GROUP BY block, job_id, {standing_columns}

-- name: standing_for_places
-- As standing_for_product, for fill_places.
SELECT {standing_groups}, count(*) FROM task WHERE status = :old AND id IN ({in_the_way_of_places})
GROUP BY block, job_id, {standing_columns}

-- columns: overwritten
status = 6, due_ms = NULL, overwritten_by = :job_id, modified_ms = :now_ms

-- name: overwrite_for_product
-- Cancel the tasks that standing_for_product found.
UPDATE task SET {overwritten} WHERE status = :old AND id IN ({in_the_way_of_product})

-- name: overwrite_for_targets
-- Cancel the tasks that standing_for_targets found.
UPDATE task SET {overwritten} WHERE status = :old AND id IN ({in_the_way_of_targets})

-- name: overwrite_for_places
-- Cancel the tasks that standing_for_places found.
UPDATE task SET {overwritten} WHERE status = :old AND id IN ({in_the_way_of_places})

-- columns: born
status, src_version, open_scope, created_ms, modified_ms

-- columns: birth
{birth_status}, coalesce(m.version, ''), CAST(:open_scope AS TEXT), :now_ms, :now_ms

-- name: fill_product
-- Tasks for the product's devices in (:after, :bound].
INSERT INTO task (job_id, device_id, {born})
SELECT :job_id, d.id, {birth} FROM device d {reported} WHERE {of_product} ORDER BY d.id

-- name: fill_targets
-- Tasks for the gathered devices in (:after, :bound]; in a dynamic job one may have had tasks before.
INSERT INTO task (job_id, device_id, match_number, {born})
SELECT :job_id, d.id, CASE WHEN CAST(:matches_max AS INTEGER) = 1 THEN 1
  ELSE 1 + (SELECT count(*) FROM task y WHERE y.job_id = :job_id AND y.device_id = d.id) END, {birth}
FROM job_target x CROSS JOIN device d {reported}
WHERE {of_targets} ORDER BY d.id

-- name: fill_places
-- Tasks for the gathered devices at the places (:after, :bound] of an ordered job, in that order.
INSERT INTO task (job_id, device_id, {born})
SELECT :job_id, d.id, {birth} FROM job_target x CROSS JOIN device d {reported}
WHERE {of_places} ORDER BY x.place, d.id

-- name: births_after
-- A job's tasks that are newer than :newest, by status and block: how many, and the first and the last of them.
SELECT status, id >> CAST(:block_bits AS INTEGER) AS block, count(*), min(id), max(id) FROM task
WHERE job_id = :job_id AND id > :newest GROUP BY status, block

-- name: describe_conflicts
-- Tasks born FAILED say which task holds their device (api-contract 7.3).
INSERT INTO task_description (task_id, words)
SELECT t.id, coalesce(
  'the device has an open task in another job, task ' || h.id || ' of job ' || h.job_id,
  'the device had an open task in another job')
FROM task t LEFT JOIN task h ON h.id = (
  SELECT min(o.id) FROM task o
  WHERE o.device_id = t.device_id AND o.status < 4 AND {stands_in_the_way})
WHERE t.job_id = :job_id AND t.id >= :first_id AND t.id <= :last_id AND t.status = 5

-- name: move_fill_cursor
-- The fill has come to this device id.
UPDATE job SET fill_after = :bound, is_filled = :is_filled, modified_ms = :now_ms WHERE id = :job_id
