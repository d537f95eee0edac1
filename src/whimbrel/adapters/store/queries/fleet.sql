-- Tasks by the thousand: each statement is one bounded step.

-- name: fill_bound
-- The device id at which the next :devices_max devices of a job's frozen target set end.
SELECT id FROM device WHERE product_id = :product_id AND id > :after AND id <= :until
ORDER BY id LIMIT 1 OFFSET :devices_max - 1

-- name: fill_job
-- Tasks for the devices in (:after, :bound]: the rule domain/job.targets_version and domain/task.birth_status.
INSERT INTO task (job_id, device_id, status, src_version, created_ms, modified_ms)
SELECT :job_id, d.id,
  CASE WHEN EXISTS (SELECT 1 FROM task o WHERE o.device_id = d.id AND o.status < 4) THEN 5 ELSE :birth_status END,
  coalesce(m.version, ''), :now_ms, :now_ms
FROM device d LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = :module_name
WHERE d.product_id = :product_id AND d.id > :after AND d.id <= :bound
  AND (m.version IS NULL OR m.version <> :dest_version) AND (:required_version = '' OR m.version = :required_version)
ORDER BY d.id
RETURNING id, status

-- name: move_fill_cursor
-- The fill has come to this device id.
UPDATE job SET fill_after = :bound, is_filled = :is_filled, modified_ms = :now_ms WHERE id = :job_id

-- name: describe_conflicts
-- Tasks born FAILED say which task holds their device (api-contract 7.3).
INSERT INTO task_description (task_id, words)
SELECT t.id, 'the device has an open task in another job, task ' || o.id || ' of job ' || o.job_id
FROM task t JOIN task o ON o.device_id = t.device_id AND o.status < 4
WHERE t.job_id = :job_id AND t.id >= :first_id AND t.id <= :last_id AND t.status = 5

-- name: dispatch_bound
-- The task id at which the next range of a job's tasks ends.
SELECT max(id) FROM (SELECT id FROM task WHERE job_id = :job_id AND id > :after ORDER BY id LIMIT :tasks_max) AS next_range

-- name: dispatch_job
-- Claim the queued tasks of online devices in (:after, :bound]; a difference's source version is checked again (I9).
UPDATE task SET status = 2, modified_ms = :now_ms
WHERE job_id = :job_id AND id > :after AND id <= :bound AND status = 1
  AND device_id IN (SELECT device_id FROM presence)
  AND (:required_version = '' OR EXISTS (
    SELECT 1 FROM module_version m
    WHERE m.device_id = task.device_id AND m.module_name = :module_name AND m.version = :required_version))
RETURNING id, job_id, device_id, status, attempt, progress, due_ms, src_version, ''

-- name: move_dispatch_cursor
-- The dispatch has come to this task id.
UPDATE job SET dispatch_after = :bound WHERE id = :job_id

-- name: restart_dispatch
-- Tasks before the cursor became ready (confirmed): look at the job from there again.
UPDATE job SET dispatch_after = :after WHERE id = :job_id AND dispatch_after > :after

-- name: cancel_tasks
-- Cancel tasks in (:after, :bound] whose status bit is in :statuses.
UPDATE task SET status = 6, due_ms = NULL, modified_ms = :now_ms
WHERE job_id = :job_id AND id > :after AND id <= :bound AND status < 4 AND (:statuses & (1 << status)) <> 0

-- name: tasks_in_statuses
-- Open tasks in (:after, :bound] that cancel_tasks will change, with their status now, for the lists' counts.
SELECT id, status FROM task
WHERE job_id = :job_id AND id > :after AND id <= :bound AND status < 4 AND (:statuses & (1 << status)) <> 0

-- name: move_cancel_cursor
-- The cancelling has come to this task id.
UPDATE job SET cancel_after = :bound WHERE id = :job_id

-- name: finish_cancel
-- Every task there was has been looked at.
UPDATE job SET cancelling = 0, cancel_after = 0, modified_ms = :now_ms WHERE id = :job_id

-- name: overdue_tasks
-- Tasks in progress whose time ran out, the longest overdue first.
SELECT t.id, t.job_id, t.device_id, t.status, t.attempt, t.progress, t.due_ms, t.src_version, '', j.timeout_minutes
FROM task t JOIN job j ON j.id = t.job_id
WHERE t.due_ms IS NOT NULL AND t.due_ms <= :now_ms ORDER BY t.due_ms LIMIT :tasks_max

-- name: postpone_due
-- The wall clock jumped: move every time-out with it. Rare, so one statement over all tasks in progress may be.
UPDATE task SET due_ms = due_ms + :by_ms WHERE due_ms IS NOT NULL

-- name: next_due
-- When the next task times out.
SELECT min(due_ms) FROM task WHERE due_ms IS NOT NULL
