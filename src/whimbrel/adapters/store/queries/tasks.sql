-- Tasks one by one.

-- columns: task_columns
t.id, t.job_id, t.device_id, t.status, t.attempt, t.progress, t.due_ms, t.src_version, coalesce(w.words, '')

-- columns: task_row_columns
{task_columns},
  d.device_name, d.iot_id, t.created_ms, t.modified_ms

-- name: tasks_page
-- A job's tasks, newest first.
SELECT {task_row_columns}
FROM (SELECT id FROM task WHERE job_id = :job_id AND id < :below ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN task t ON t.id = page.id JOIN device d ON d.id = t.device_id LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY t.id DESC

-- name: tasks_page_of_status
-- A job's tasks in one status, newest first.
SELECT {task_row_columns}
FROM (SELECT id FROM task WHERE job_id = :job_id AND status = :status AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN task t ON t.id = page.id JOIN device d ON d.id = t.device_id LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY t.id DESC

-- name: task_of_device_name
-- A job's task for one device.
SELECT {task_row_columns}
FROM job j JOIN device d ON d.product_id = j.product_id AND d.device_name = :device_name
  JOIN task t ON t.job_id = j.id AND t.device_id = d.id LEFT JOIN task_description w ON w.task_id = t.id
WHERE j.id = :job_id

-- name: open_tasks_of_device
-- A device's open tasks with their jobs, oldest first.
SELECT {task_columns},
  {job_columns}
FROM task t JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.device_id = :device_id AND t.status < 4 ORDER BY t.id

-- name: task_with_job
-- One task with its job.
SELECT {task_columns},
  {job_columns}
FROM task t JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.id = :task_id

-- name: change_task
-- Compare and set of one task's moving state (I4).
UPDATE task SET status = :status, attempt = :attempt, progress = :progress, due_ms = :due_ms, modified_ms = :now_ms
WHERE id = :task_id AND status = :old_status AND attempt = :old_attempt

-- name: put_task_description
-- Why a task failed or was cancelled.
INSERT INTO task_description (task_id, words) VALUES (:task_id, :words)
ON CONFLICT (task_id) DO UPDATE SET words = excluded.words

-- name: add_task_for_device
-- The same rule as fill_job, for one named device of the job's product.
INSERT INTO task (job_id, device_id, status, src_version, created_ms, modified_ms)
SELECT :job_id, d.id,
  CASE WHEN EXISTS (SELECT 1 FROM task o WHERE o.device_id = d.id AND o.status < 4) THEN 5 ELSE :birth_status END,
  coalesce(m.version, ''), :now_ms, :now_ms
FROM device d LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = :module_name
WHERE d.id = :device_id
  AND (m.version IS NULL OR m.version <> :dest_version) AND (:required_version = '' OR m.version = :required_version)
RETURNING id, status
