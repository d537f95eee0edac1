-- What a batch of reports is about to ask, of many devices at once.

-- name: hold_open_tasks
-- The ids of the tasks that nobody else moves; NULL for all there are, where there is one writer. PostgreSQL locks the
-- rows in a statement of its own.
SELECT NULL WHERE CAST(:entries AS BIGINT) > 0 AND CAST(:ids AS TEXT) <> ''

-- name: open_tasks_of_devices
-- The open tasks of many devices, oldest first.
SELECT {task_columns}
FROM ({given_ids}) AS given JOIN task t ON t.device_id = given.id AND t.status < 4
  LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY t.id

-- name: job_of_task
-- A job by its id alone.
SELECT {job_columns} FROM job j JOIN product p ON p.id = j.product_id WHERE j.id = :job_id

-- name: reported_by_devices
-- Many devices that are not deleted, with the versions that they reported; whether their product has a dynamic job.
SELECT d.id, d.product_id, m.module_name, m.version,
  CASE WHEN EXISTS (SELECT 1 FROM strategy s WHERE s.product_id = d.product_id) THEN 1 ELSE 0 END
FROM ({given_ids}) AS given JOIN device d ON d.id = given.id AND d.deleted_ms IS NULL
  LEFT JOIN module_version m ON m.device_id = d.id

-- name: standings_of_devices
-- Where many devices that are not deleted stand, and which session holds their presence.
SELECT d.id, d.account_id, d.product_id, d.state, d.activated_ms, o.node_id, o.session_id
FROM ({given_ids}) AS given JOIN device d ON d.id = given.id AND d.deleted_ms IS NULL
  LEFT JOIN presence o ON o.device_id = d.id
