-- Tasks one by one.
-- What an overwritten task says comes before words of an attempt it had: those stay when it is overwritten.

-- columns: task_columns
t.id, t.job_id, t.device_id, t.status, t.attempt, t.progress, t.due_ms, t.src_version,
  coalesce('overwritten by job ' || t.overwritten_by, w.words, ''), {counted_columns}

-- columns: counted_columns
t.retries, t.is_confirmed, t.match_number, t.wave, t.era, t.is_silent, t.modified_ms, t.told_ms, t.begun_ms

-- columns: standing_columns
status, retries, wave, era, is_silent

-- columns: claimed_columns
id, job_id, device_id, status, attempt, progress, due_ms, src_version, '', retries, is_confirmed, match_number, wave, era,
  is_silent, modified_ms, told_ms, begun_ms

-- columns: told
status = 2, era = :era, modified_ms = :now_ms, told_ms = :now_ms,
  wave = CASE WHEN wave = 0 AND retries = 0 AND (match_number = 1 OR NOT EXISTS (
      SELECT 1 FROM task y WHERE y.job_id = task.job_id AND y.device_id = task.device_id AND y.wave > 0))
    THEN CAST(:wave AS INTEGER) ELSE wave END

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
-- A job's task for one device, newest first: a dynamic job may have several.
SELECT {task_row_columns}
FROM job j JOIN device d ON d.product_id = j.product_id AND d.device_name = :device_name
  JOIN task t ON t.job_id = j.id AND t.device_id = d.id LEFT JOIN task_description w ON w.task_id = t.id
WHERE j.id = :job_id ORDER BY t.id DESC

-- name: open_tasks_of_device
-- A device's open tasks with their jobs, oldest first.
SELECT {task_columns},
  {job_columns}
FROM task t JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.device_id = :device_id AND t.status < 4 ORDER BY t.id

-- name: open_task_rows_of_device
-- A device's open tasks with their jobs, as lists show them, oldest first.
SELECT {task_row_columns},
  {job_columns}
FROM task t JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id JOIN device d ON d.id = t.device_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.device_id = :device_id AND t.status < 4 ORDER BY t.id

-- name: task_with_job
-- One task with its job.
SELECT {task_columns},
  {job_columns}
FROM task t JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.id = :task_id

-- name: cancelled_tasks
-- Those of the given tasks that are cancelled, that a large cancel has not come to yet, or whose job its gate halted.
SELECT t.id FROM ({given_ids}) AS given JOIN task t ON t.id = given.id JOIN job j ON j.id = t.job_id
WHERE t.status = 6 OR (j.cancelling >> t.status) & 1 = 1 OR j.hold = 2

-- name: change_task
-- Compare and set of one task's moving state (I4).
UPDATE task SET status = :status, attempt = :attempt, progress = :progress, due_ms = :due_ms, retries = :retries,
  is_confirmed = :is_confirmed, wave = :wave, era = :era, is_silent = :is_silent, told_ms = :told_ms, begun_ms = :begun_ms,
  reason = CASE CAST(:status AS INTEGER) WHEN 5 THEN reason ELSE 0 END, modified_ms = :now_ms
WHERE id = :task_id AND status = :old_status AND attempt = :old_attempt AND is_silent = :was_silent

-- name: reopen_task
-- An ended task is started again, unless its device is gone or has another open task that stands in its way (I3).
UPDATE task SET status = 1, attempt = :attempt, progress = 0, due_ms = NULL, retries = 0, src_version = :src_version,
  is_silent = 0, wave = 0, reason = 0, told_ms = NULL, begun_ms = NULL, overwritten_by = NULL, modified_ms = :now_ms
WHERE id = :task_id AND status = :old_status AND attempt = :old_attempt
  AND EXISTS (SELECT 1 FROM device d WHERE d.id = task.device_id AND d.deleted_ms IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM task o WHERE o.device_id = task.device_id AND o.status < 4 AND {stands_in_the_way})

-- name: put_task_description
-- Why a task failed or was cancelled.
INSERT INTO task_description (task_id, words) VALUES (:task_id, :words)
ON CONFLICT (task_id) DO UPDATE SET words = excluded.words
