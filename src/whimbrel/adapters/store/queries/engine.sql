-- What time and pace decide: jobs that are due, devices that are ready, and how many may be told now.

-- name: due_jobs
-- Planned jobs whose time has come, by the index job_planned.
SELECT {job_columns}
FROM job j JOIN product p ON p.id = j.product_id
WHERE j.status = 'PLANNED' AND j.schedule_ms <= :now_ms ORDER BY j.schedule_ms, j.id LIMIT :limit

-- name: job_outlook
-- A job's newest task, how many devices it told within the window of its pace, whether a task up to :until is ready, and
-- whether a device is to be told once more.
SELECT coalesce((SELECT max(id) FROM task WHERE job_id = :job_id), 0),
  CAST((SELECT coalesce(sum(n), 0) FROM job_notice WHERE job_id = :job_id) AS BIGINT),
  CASE WHEN EXISTS (
    SELECT 1 FROM job_ready WHERE job_id = :job_id AND task_id <= :until) THEN 1 ELSE 0 END,
  CASE WHEN EXISTS (SELECT 1 FROM job_again WHERE job_id = :job_id) THEN 1 ELSE 0 END

-- name: told_within_window
-- How many devices a job told within the window of its pace.
SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM job_notice WHERE job_id = :job_id

-- name: add_ready
-- The task may leave as soon as the pace allows. A row that is there is held, so that nobody takes it off unseen.
INSERT INTO job_ready (job_id, task_id) VALUES (:job_id, :task_id)
ON CONFLICT (job_id, task_id) DO UPDATE SET task_id = excluded.task_id

-- name: take_ready
-- Take the next ready tasks off; while nothing may be told, only those that are queued no more.
DELETE FROM job_ready WHERE job_id = :job_id AND task_id IN (
  SELECT r.task_id FROM job_ready r
  WHERE r.job_id = :job_id AND r.task_id <= :stage_until
    AND (CAST(:has_claims AS INTEGER) = 1 OR NOT EXISTS (SELECT 1 FROM task t WHERE t.id = r.task_id AND t.status = 1))
  ORDER BY r.task_id LIMIT :tasks_max)
RETURNING task_id

-- name: dispatch_ready
-- As dispatch_job, for the tasks with these ids.
UPDATE task SET {told}
WHERE status = 1 AND id IN (
  SELECT t.id FROM ({given_ids}) AS given JOIN task t ON t.id = given.id
  WHERE {may_leave})
RETURNING {claimed_columns}

-- name: overlooked_tasks
-- None where there is one writer: who comes sees every task that there is. PostgreSQL has a statement of its own.
SELECT NULL WHERE CAST(:entries AS BIGINT) < 0 AND CAST(:ids AS TEXT) = ''

-- columns: may_leave
t.status = 1 AND t.due_ms IS NULL AND EXISTS (SELECT 1 FROM presence o WHERE o.device_id = t.device_id)
    AND (:required_version = '' OR EXISTS (
      SELECT 1 FROM module_version m
      WHERE m.device_id = t.device_id AND m.module_name = :module_name AND m.version = :required_version))

-- name: has_started
-- A device was told of a task of the job, for the first time.
SELECT 1 FROM task WHERE job_id = :job_id AND device_id = :device_id AND wave > 0 LIMIT 1

-- name: add_notices
-- So many devices are told now.
INSERT INTO job_notice (job_id, at_ms, n) VALUES (:job_id, :at_ms, :n)
ON CONFLICT (job_id, at_ms) DO UPDATE SET n = job_notice.n + excluded.n

-- name: notices
-- What all jobs told within the windows of their pace.
SELECT job_id, at_ms, n FROM job_notice ORDER BY job_id, at_ms

-- name: forget_notice
-- A row leaves its window, unless it grew meanwhile.
DELETE FROM job_notice WHERE job_id = :job_id AND at_ms = :at_ms AND n = :n

-- name: describe_ended_schedule
-- Open tasks in (:after, :bound] that the end of the schedule cancels say so; what has begun was cancelled by somebody.
INSERT INTO task_description (task_id, words)
SELECT id, CAST(:words AS TEXT) FROM task
WHERE job_id = :job_id AND id > :after AND id <= :bound
  AND ((status < 3 AND (:statuses & (1 << status)) <> 0) OR (status = 6 AND created_ms >= :ended_ms))
ON CONFLICT (task_id) DO UPDATE SET words = excluded.words

-- name: forget_retry_words
-- Tasks in (:after, :bound] that are cancelled now: why their last attempt failed says nothing any more.
DELETE FROM task_description WHERE task_id IN (
  SELECT id FROM task
  WHERE job_id = :job_id AND id > :after AND id <= :bound AND status < 4 AND (:statuses & (1 << status)) <> 0)

-- name: strategy_of_device
-- The newest running dynamic job that a device follows which reports the version: by that version, or by its group.
SELECT {job_columns}
FROM device d
  JOIN strategy s ON s.product_id = d.product_id AND s.module_name = :module_name AND s.version IN (:version, '')
  JOIN job j ON j.id = s.job_id JOIN product p ON p.id = j.product_id
WHERE d.id = :device_id AND d.deleted_ms IS NULL AND j.dest_version <> :version AND (
  s.group_row_id = 0
  OR ((j.required_version = '' OR j.required_version = :version)
    AND EXISTS (
      SELECT 1 FROM device_group g
      WHERE g.id = s.group_row_id AND g.deleted_ms IS NULL AND {follows_rule_of_group})))
ORDER BY s.job_id DESC LIMIT 1

-- name: matches_of_device
-- A device's tasks in a job, and whether one of them is open.
SELECT count(*), coalesce(max(CASE WHEN status < 4 THEN 1 ELSE 0 END), 0) FROM task
WHERE job_id = :job_id AND device_id = :device_id
