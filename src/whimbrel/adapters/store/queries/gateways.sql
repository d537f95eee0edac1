-- Gateway processes: their lives, and their orders.

-- name: add_node
-- A process begins to accept devices; again changes nothing, for a commit whose end was not seen.
INSERT INTO gateway_node (node_id, beat, started_ms) VALUES (:node_id, 0, :now_ms)
ON CONFLICT (node_id) DO NOTHING

-- name: beat_node
-- The process lives.
UPDATE gateway_node SET beat = beat + 1 WHERE node_id = :node_id

-- name: hold_node
-- Whether the node lives; nobody ends it before this transaction has (one writer holds everything).
SELECT 1 FROM gateway_node WHERE node_id = :node_id

-- name: nodes
-- All that live.
SELECT node_id, beat FROM gateway_node ORDER BY node_id

-- name: end_node
-- The node's life ends, unless it beat since it was seen.
DELETE FROM gateway_node WHERE node_id = :node_id AND beat = :beat

-- name: leave_node
-- The node says itself that it ends.
DELETE FROM gateway_node WHERE node_id = :node_id

-- name: add_gone
-- Its devices are to be taken offline.
INSERT INTO gateway_gone (node_id) VALUES (:node_id) ON CONFLICT (node_id) DO NOTHING

-- name: next_gone
-- A node whose devices are to be taken offline.
SELECT node_id FROM gateway_gone ORDER BY node_id LIMIT 1

-- name: forget_gone
-- None of its devices is left.
DELETE FROM gateway_gone
WHERE node_id = :node_id AND NOT EXISTS (SELECT 1 FROM presence o WHERE o.node_id = gateway_gone.node_id)

-- name: devices_of_node
-- The next devices that a node holds.
SELECT device_id FROM presence WHERE node_id = :node_id ORDER BY device_id LIMIT :devices_max

-- columns: given_ids
WITH RECURSIVE entry (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM entry WHERE i + 1 < :entries)
  SELECT CAST(rtrim(substr(CAST(:ids AS TEXT), entry.i * 20 + 1, 20)) AS BIGINT) AS id FROM entry

-- name: delete_presences
-- Those of the given devices that the node still holds are connected no more.
DELETE FROM presence WHERE node_id = :node_id AND device_id IN ({given_ids}) RETURNING device_id

-- name: devices_offline
-- Those of the given devices that were online are offline.
UPDATE device SET state = 3, state_ms = :now_ms WHERE state = 1 AND deleted_ms IS NULL AND id IN ({given_ids})
RETURNING id, account_id, product_id

-- name: order_notices
-- The nodes that hold the devices of the given tasks, but this one, are to tell them.
INSERT INTO gateway_order (node_id, kind, device_id, task_id, attempt)
SELECT o.node_id, 0, t.device_id, t.id, t.attempt
FROM ({given_ids}) AS given JOIN task t ON t.id = given.id JOIN presence o ON o.device_id = t.device_id
WHERE o.node_id <> :here
RETURNING task_id

-- name: order_end
-- The node that holds the device's session, unless it is :but_node, is to end it.
INSERT INTO gateway_order (node_id, kind, device_id, session_id)
SELECT o.node_id, :kind, o.device_id, o.session_id FROM presence o
WHERE o.device_id = :device_id AND o.node_id <> :but_node
RETURNING device_id

-- name: orders_of_node
-- A node's next orders, with the task as it is now, its job's account, and the version that the device reports.
SELECT r.id, r.kind, r.device_id, r.session_id, r.attempt, j.account_id, m.version,
  t.id, t.job_id, t.device_id, t.status, t.attempt, t.progress, t.due_ms, t.src_version, '', {counted_columns}
FROM (SELECT id, kind, device_id, session_id, task_id, attempt FROM gateway_order
  WHERE node_id = :node_id ORDER BY id LIMIT :orders_max) AS r
  LEFT JOIN task t ON t.id = r.task_id LEFT JOIN job j ON j.id = t.job_id
  LEFT JOIN module_version m ON m.device_id = r.device_id AND m.module_name = j.module_name
ORDER BY r.id

-- name: forget_orders
-- They were carried out.
DELETE FROM gateway_order WHERE id IN ({given_ids})

-- name: forget_orders_of_nobody
-- A bounded number of orders to nodes that live no more.
DELETE FROM gateway_order WHERE id IN (
  SELECT r.id FROM gateway_order r
  WHERE NOT EXISTS (SELECT 1 FROM gateway_node n WHERE n.node_id = r.node_id) ORDER BY r.id LIMIT :orders_max)
