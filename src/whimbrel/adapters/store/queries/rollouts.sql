-- Gates, paces, stages, and holding jobs. What is counted for them are lists (`lists.sql`) whose blocks are waves or eras.

-- name: job_trials
-- Of the waves that the gate of a job looks at, how many devices started, are failing, and wait for what comes of them;
-- and how many are at risk, silent, or proof in the job's era.
SELECT CASE list WHEN :started THEN 0 WHEN :failing THEN 1 ELSE 2 END, block, n FROM list_count
WHERE list IN (:started, :failing, :waiting) AND block >= :gate_wave
UNION ALL
SELECT CASE list WHEN :exposed THEN 3 WHEN :silent THEN 4 ELSE 5 END, block, n FROM list_count
WHERE list IN (:exposed, :silent, :proved) AND block = :era

-- name: hold_job
-- Nothing leaves any more; a halt takes the place of a pause, but not the other way around, and neither that of what
-- waits for approval.
UPDATE job SET hold = :hold, hold_reason = :reason, hold_ms = :now_ms, modified_ms = :now_ms
WHERE id = :job_id AND status IN ('PLANNED', 'IN_PROGRESS') AND hold < :hold

-- name: resume_job
-- After a halt a new era: what was told before is excused, and gate and pace begin anew. A pause excuses nothing.
UPDATE job SET hold = 0, hold_reason = '', hold_ms = NULL,
  era = CASE WHEN hold = 2 THEN era + 1 ELSE era END,
  wave = CASE WHEN hold = 2 THEN wave + 1 ELSE wave END,
  gate_wave = CASE WHEN hold = 2 THEN wave + 1 ELSE gate_wave END,
  soaked_ms = NULL, modified_ms = :now_ms
WHERE id = :job_id AND status IN ('PLANNED', 'IN_PROGRESS') AND hold IN (1, 2)

-- name: approve_job
-- Somebody other than its maker lets a job go that waits for it.
UPDATE job SET hold = 0, hold_reason = '', hold_ms = NULL, approved_by = :who, modified_ms = :now_ms
WHERE id = :job_id AND status IN ('PLANNED', 'IN_PROGRESS') AND hold = 3 AND created_by <> :who

-- name: reject_job
-- A job that waits for approval never goes.
UPDATE job SET hold = 4, hold_reason = :reason, hold_ms = :now_ms, modified_ms = :now_ms
WHERE id = :job_id AND status IN ('PLANNED', 'IN_PROGRESS') AND hold = 3

-- name: move_wave
-- Devices that start from now on are of this wave.
UPDATE job SET wave = :wave WHERE id = :job_id AND wave < :wave

-- name: enter_stage
-- The stage is under way, up to this task.
UPDATE job SET stage = :stage, stage_until = :stage_until, soaked_ms = NULL, modified_ms = :now_ms WHERE id = :job_id

-- name: soak_stage
-- The stage is as healthy as it has to be since now.
UPDATE job SET soaked_ms = :now_ms WHERE id = :job_id

-- name: task_block_at
-- The block that holds a job's task with :offset older ones, and how many of its tasks are in older blocks.
SELECT block, CAST(older AS BIGINT) FROM (
  SELECT block, n, sum(n) OVER (ORDER BY block) - n AS older FROM list_count WHERE list = :list AND block >= 0
) AS blocks
WHERE older <= :offset AND older + n > :offset
ORDER BY block LIMIT 1

-- name: task_at
-- The task after :skip others from this id on.
SELECT id FROM task WHERE job_id = :job_id AND id >= :from_id ORDER BY id LIMIT 1 OFFSET :skip

-- name: newest_task
-- The newest task of a job.
SELECT coalesce(max(id), 0) FROM task WHERE job_id = :job_id

-- name: add_job_event
-- What happened to a job.
INSERT INTO job_event (job_id, at_ms, kind, who, words) VALUES (:job_id, :now_ms, :kind, :who, :words)

-- name: job_events
-- What happened to a job, newest first.
SELECT at_ms, kind, who, words FROM job_event WHERE job_id = :job_id ORDER BY id DESC LIMIT :limit

-- name: add_again
-- The task's device is to be told once more. A row that is there is held, so that nobody takes it off unseen.
INSERT INTO job_again (job_id, task_id) VALUES (:job_id, :task_id)
ON CONFLICT (job_id, task_id) DO UPDATE SET task_id = excluded.task_id

-- name: take_again
-- Take off the next tasks whose devices are to be told once more.
DELETE FROM job_again WHERE job_id = :job_id AND task_id IN (
  SELECT r.task_id FROM job_again r WHERE r.job_id = :job_id ORDER BY r.task_id LIMIT :tasks_max)
RETURNING task_id

-- name: tasks_again
-- Those of the given tasks whose devices were told, are there, and still need it; of a difference the source version is
-- checked again (I9).
SELECT {task_columns}
FROM ({given_ids}) AS given JOIN task t ON t.id = given.id JOIN job j ON j.id = t.job_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.status IN (2, 3) AND EXISTS (SELECT 1 FROM presence o WHERE o.device_id = t.device_id)
  AND (t.status = 3 OR j.required_version = '' OR EXISTS (
    SELECT 1 FROM module_version m
    WHERE m.device_id = t.device_id AND m.module_name = j.module_name AND m.version = j.required_version))
ORDER BY t.id

-- name: watch_tasks
-- Silence among these tasks is looked for at the latest then.
INSERT INTO job_watch (job_id, block, due_ms) VALUES (:job_id, :block, :due_ms)
ON CONFLICT (job_id, block) DO UPDATE SET due_ms = excluded.due_ms WHERE job_watch.due_ms > excluded.due_ms

-- name: due_watches
-- Blocks of tasks that are to be looked at, the longest due first, with their jobs.
SELECT w.block, w.floor_ms, {job_columns}
FROM (SELECT job_id, block, floor_ms, due_ms FROM job_watch WHERE due_ms <= :now_ms ORDER BY due_ms LIMIT :limit) AS w
JOIN job j ON j.id = w.job_id JOIN product p ON p.id = j.product_id
ORDER BY w.due_ms

-- name: fall_silent
-- The tasks of a block that have gone silent: told, or heard, before these times.
UPDATE task SET is_silent = 1
WHERE job_id = :job_id AND id >= :first_id AND id <= :last_id AND is_silent = 0
  AND ((status = 2 AND modified_ms <= :told_before_ms) OR (status = 3 AND modified_ms <= :heard_before_ms))
RETURNING id, job_id, status, retries, wave, era

-- name: hold_watch
-- Who tells a task of this block waits until the watch is set anew. PostgreSQL locks the row.
SELECT due_ms FROM job_watch WHERE job_id = :job_id AND block = :block

-- name: last_heard
-- When the longest unheard devices of a block were told or heard, those that are silent already left out.
SELECT min(CASE WHEN status = 2 THEN modified_ms END), min(CASE WHEN status = 3 THEN modified_ms END) FROM task
WHERE job_id = :job_id AND id >= :first_id AND id <= :last_id AND status IN (2, 3) AND is_silent = 0

-- name: move_watch
-- The block is looked at again then.
UPDATE job_watch SET due_ms = :due_ms WHERE job_id = :job_id AND block = :block

-- name: end_watch
-- Nobody of the block is at risk.
DELETE FROM job_watch WHERE job_id = :job_id AND block = :block

-- name: next_watch
-- When the next block is to be looked at.
SELECT min(due_ms) FROM job_watch

-- name: excuse_silence
-- Whatever was not heard until now is not the devices' silence: the server was away, or its clock jumped.
UPDATE job_watch SET due_ms = due_ms + :by_ms, floor_ms = :now_ms

-- name: engine_alive_ms
-- When the engine was last seen alive.
SELECT at_ms FROM engine_alive WHERE id = 1

-- name: engine_lives
-- The engine is alive now.
INSERT INTO engine_alive (id, at_ms) VALUES (1, :now_ms) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms

-- name: turns_of_devices
-- The jobs that count whom they tell, of queued tasks of these devices: none where there is one writer, who needs no
-- turn. PostgreSQL has a statement of its own.
SELECT NULL WHERE CAST(:entries AS BIGINT) < 0 AND CAST(:ids AS TEXT) = ''
