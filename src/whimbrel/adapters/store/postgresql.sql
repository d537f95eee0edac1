-- What only PostgreSQL is asked, and what it is asked in words of its own in place of a statement of `queries/`.

-- columns: given_ids
-- In place of the one of all engines: to cut a piece out of a text, the server reads the text from its beginning.
SELECT CAST(word AS BIGINT) AS id FROM unnest(string_to_array(CAST(:ids AS TEXT), ' ')) AS word WHERE word <> ''

-- columns: folded_nickname
-- In place of the one of all engines: only ASCII letters are folded, whatever the database's own order is.
lower(d.nickname COLLATE "C")

-- columns: on_the_way
-- In place of the one of all engines: each device is fetched by its id, whatever an index on the filters would promise.
CROSS JOIN LATERAL (SELECT * FROM device WHERE id = piece.id OFFSET 0) AS d CROSS JOIN product p
WHERE p.id = d.product_id AND {is_searched} ORDER BY d.id DESC LIMIT :size

-- columns: jobs_on_the_way
-- In place of the one of all engines, for the same reason.
CROSS JOIN LATERAL (SELECT * FROM job WHERE id = piece.id OFFSET 0) AS j CROSS JOIN product p
WHERE p.id = j.product_id AND {is_searched_job}

-- columns: walk_account_names
-- In place of the one of all engines: product by product, or with a plan for any range every device is read.
SELECT id FROM (SELECT e.id FROM product o CROSS JOIN LATERAL (SELECT id FROM device
    WHERE product_id = o.id AND device_name >= :name AND device_name < :name_end LIMIT :names_max) AS e
  WHERE o.account_id = :account_id AND o.deleted_ms IS NULL LIMIT :names_max) AS named
WHERE id < :below

-- name: lock
-- Hold a name until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))

-- name: lock_shared
-- Hold a name, with others that share it, until the transaction ends.
SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))

-- name: lock_all
-- Hold many names, separated by line ends, in one order for all, until the transaction ends.
SELECT pg_advisory_xact_lock(key)
FROM (SELECT hashtextextended(name, 0) AS key FROM unnest(string_to_array(:names, chr(10))) AS name ORDER BY 1) AS turn

-- name: hold_open_tasks
-- In place of the one of all engines: the rows that are read next do not move before they are changed.
SELECT t.id FROM task t
WHERE t.status < 4 AND t.device_id = ANY (ARRAY ({given_ids}))
ORDER BY t.id FOR UPDATE OF t

-- name: tasks_in_statuses
-- In place of the one of all engines: it also locks the rows, so that none moves before cancel_tasks changes them.
SELECT block, job_id, {standing_columns}, count(*)
FROM (SELECT {standing_groups} FROM task
  WHERE job_id = :job_id AND id > :after AND id <= :bound AND status < 4 AND (:statuses & (1 << status)) <> 0
  ORDER BY id FOR UPDATE) AS held
GROUP BY block, job_id, {standing_columns}

-- name: standing_for_product
-- In place of the one of all engines: the rows do not move before overwrite_for_product changes them.
SELECT block, job_id, {standing_columns}, count(*)
FROM (SELECT {standing_groups} FROM task WHERE status = :old AND id IN ({in_the_way_of_product}) ORDER BY id FOR UPDATE) AS held
GROUP BY block, job_id, {standing_columns}

-- name: standing_for_targets
-- In place of the one of all engines: the rows do not move before overwrite_for_targets changes them.
SELECT block, job_id, {standing_columns}, count(*)
FROM (SELECT {standing_groups} FROM task WHERE status = :old AND id IN ({in_the_way_of_targets}) ORDER BY id FOR UPDATE) AS held
GROUP BY block, job_id, {standing_columns}

-- name: standing_for_places
-- In place of the one of all engines: the rows do not move before overwrite_for_places changes them.
SELECT block, job_id, {standing_columns}, count(*)
FROM (SELECT {standing_groups} FROM task WHERE status = :old AND id IN ({in_the_way_of_places}) ORDER BY id FOR UPDATE) AS held
GROUP BY block, job_id, {standing_columns}

-- name: dispatch_job
-- In place of the one of all engines, which with counts of rows that are not known yet is planned as a loop in a loop:
-- 400 ms for 500 tasks. So the tasks are found once and locked, and then changed by their ids.
UPDATE task SET {told}
WHERE id = ANY (ARRAY (
  SELECT t.id FROM task t
  WHERE t.job_id = :job_id AND t.id > :after AND t.id <= :bound AND {may_leave}
  ORDER BY t.id LIMIT :claims_max FOR UPDATE OF t))
RETURNING {claimed_columns}

-- name: dispatch_ready
-- In place of the one of all engines, for the same reason.
UPDATE task SET {told}
WHERE id = ANY (ARRAY (
  SELECT t.id FROM task t
  WHERE t.id = ANY (ARRAY ({given_ids}))
    AND {may_leave}
  ORDER BY t.id FOR UPDATE OF t))
RETURNING {claimed_columns}

-- name: overlooked_tasks
-- In place of the one of all engines: the tasks of connected devices that could be told to them.
SELECT {task_columns}
FROM task t JOIN job j ON j.id = t.job_id LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.device_id = ANY (ARRAY ({given_ids}))
  AND t.status < 4 AND t.status IN (1, 2) AND t.due_ms IS NULL AND j.status = 'IN_PROGRESS' AND j.need_push = 1
  AND EXISTS (SELECT 1 FROM presence o WHERE o.device_id = t.device_id)
  AND (j.required_version = '' OR EXISTS (
    SELECT 1 FROM module_version m
    WHERE m.device_id = t.device_id AND m.module_name = j.module_name AND m.version = j.required_version))
ORDER BY t.id

-- name: hold_watch
-- In place of the one of all engines: the row is held.
SELECT due_ms FROM job_watch WHERE job_id = :job_id AND block = :block FOR UPDATE

-- name: turns_of_devices
-- In place of the one of all engines: the jobs whose turn a claim needs, in the order of all.
SELECT DISTINCT t.job_id FROM task t JOIN job j ON j.id = t.job_id
WHERE t.device_id = ANY (ARRAY ({given_ids}))
  AND t.status < 2 AND (j.maximum_per_minute IS NOT NULL OR j.rollout LIKE '%"pace":{%')
ORDER BY t.job_id

-- name: versions_of_devices
-- In place of the one of all engines: by the ids alone.
SELECT m.device_id, m.module_name, m.version FROM module_version m
WHERE m.device_id = ANY (ARRAY ({given_ids}))
ORDER BY m.device_id, m.module_name <> 'default', m.module_name

-- name: use_nonce
-- Record a nonce; one that was used before :kept_ms counts as new. Time only goes forward, whatever clocks do.
INSERT INTO nonce (digest, used_ms)
SELECT :digest, greatest(:now_ms, (SELECT max(used_ms) FROM nonce))
ON CONFLICT (digest) DO UPDATE SET used_ms = excluded.used_ms WHERE nonce.used_ms < excluded.used_ms - :kept_ms

-- name: is_nonce_known
-- Whether a nonce was used within :kept_ms.
SELECT 1 FROM nonce
WHERE digest = :digest AND used_ms >= greatest(:now_ms, (SELECT max(used_ms) FROM nonce)) - :kept_ms

-- name: forget_nonces
-- Forget a bounded number of old nonces; those that another process is forgetting are left to it.
DELETE FROM nonce WHERE digest IN (
  SELECT digest FROM nonce WHERE used_ms < (SELECT max(used_ms) FROM nonce) - :kept_ms
  ORDER BY used_ms LIMIT :at_most FOR UPDATE SKIP LOCKED)

-- name: hold_node
-- In place of the one of all engines: the row stays until the transaction ends, and beats do not wait for it.
SELECT 1 FROM gateway_node WHERE node_id = :node_id FOR KEY SHARE

-- name: hold_lease
-- In place of the one of all engines: the row stays until the transaction ends, and beats do not wait for it.
SELECT 1 FROM engine_lease WHERE name = :name AND token = :token FOR KEY SHARE

-- name: claim_lease
-- In place of the one of all engines: it waits for whoever holds the lease, and whoever comes to hold it waits.
SELECT 1 FROM engine_lease WHERE name = :name AND token = :token AND beat = :beat FOR UPDATE

-- name: devices_of_node
-- In place of the one of all engines: with the turns of those devices that nobody has now, so that nobody waits in a ring.
SELECT device_id
FROM (SELECT device_id FROM presence WHERE node_id = :node_id ORDER BY device_id LIMIT :devices_max) AS held
WHERE pg_try_advisory_xact_lock(hashtextextended('device:' || device_id, 0))

-- name: order_notices
-- In place of the one of all engines: the nodes hear of it when the transaction has committed.
WITH made AS (
  INSERT INTO gateway_order (node_id, kind, device_id, task_id, attempt)
  SELECT o.node_id, 0, t.device_id, t.id, t.attempt
  FROM ({given_ids}) AS given JOIN task t ON t.id = given.id JOIN presence o ON o.device_id = t.device_id
  WHERE o.node_id <> :here
  RETURNING node_id, task_id)
SELECT task_id, (
  SELECT count(pg_notify('whimbrel_node_' || split_part(node_id, '.', 1), ''))
  FROM (SELECT DISTINCT node_id FROM made) AS nodes)
FROM made

-- name: order_end
-- In place of the one of all engines: the node hears of it when the transaction has committed.
WITH made AS (
  INSERT INTO gateway_order (node_id, kind, device_id, session_id)
  SELECT o.node_id, :kind, o.device_id, o.session_id FROM presence o
  WHERE o.device_id = :device_id AND o.node_id <> :but_node
  RETURNING node_id, device_id)
SELECT device_id, CAST(pg_notify('whimbrel_node_' || split_part(node_id, '.', 1), '') AS TEXT) FROM made
