-- Tasks by the thousand: each statement is one bounded step.

-- name: dispatch_bound
-- The task id at which the next range of a job's tasks ends.
SELECT max(id) FROM (SELECT id FROM task WHERE job_id = :job_id AND id > :after ORDER BY id LIMIT :tasks_max) AS next_range

-- name: dispatch_job
-- Claim the first :claims_max queued tasks of online devices in (:after, :bound] that do not wait for their retry; a
-- difference's source version is checked again (I9).
UPDATE task SET {told}
WHERE status = 1 AND id IN (
  SELECT t.id FROM task t
  WHERE t.job_id = :job_id AND t.id > :after AND t.id <= :bound AND {may_leave}
  ORDER BY t.id LIMIT :claims_max)
RETURNING {claimed_columns}

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
-- How many open tasks in (:after, :bound] cancel_tasks will change, by all that is counted, as they are now.
SELECT {standing_groups}, count(*) FROM task
WHERE job_id = :job_id AND id > :after AND id <= :bound AND status < 4 AND (:statuses & (1 << status)) <> 0
GROUP BY block, job_id, {standing_columns}

-- name: move_cancel_cursor
-- The cancelling has come to this task id.
UPDATE job SET cancel_after = :bound WHERE id = :job_id

-- name: finish_cancel
-- Every task there was has been looked at.
UPDATE job SET cancelling = 0, cancel_after = 0, modified_ms = :now_ms WHERE id = :job_id

-- name: overdue_tasks
-- Tasks that time moves now, the longest overdue first.
SELECT t.id, t.job_id, t.device_id, t.status, t.attempt, t.progress, t.due_ms, t.src_version, '', {counted_columns},
  j.timeout_minutes, j.need_push
FROM task t JOIN job j ON j.id = t.job_id
WHERE t.due_ms IS NOT NULL AND t.due_ms <= :now_ms ORDER BY t.due_ms, t.id LIMIT :tasks_max

-- name: postpone_due
-- The wall clock jumped: move every due time with it. Rare, so one statement over all tasks that have one may be.
UPDATE task SET due_ms = due_ms + :by_ms WHERE due_ms IS NOT NULL

-- name: next_due
-- When time moves the next task.
SELECT min(due_ms) FROM task WHERE due_ms IS NOT NULL
