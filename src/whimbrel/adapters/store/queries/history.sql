-- What happened over time: samples of jobs, reasons of failures, and what is kept of devices (ADR 0058).

-- columns: sample_columns
at_ms, confirm, queued, notified, in_progress, succeeded, failed, canceled, at_risk, silent

-- columns: sampled
coalesce((SELECT n FROM list_count WHERE list = 'tasks:' || j.id || ':0' AND block = -1), 0) AS confirm,
  coalesce((SELECT n FROM list_count WHERE list = 'tasks:' || j.id || ':1' AND block = -1), 0) AS queued,
  coalesce((SELECT n FROM list_count WHERE list = 'tasks:' || j.id || ':2' AND block = -1), 0) AS notified,
  coalesce((SELECT n FROM list_count WHERE list = 'tasks:' || j.id || ':3' AND block = -1), 0) AS in_progress,
  coalesce((SELECT n FROM list_count WHERE list = 'tasks:' || j.id || ':4' AND block = -1), 0) AS succeeded,
  coalesce((SELECT n FROM list_count WHERE list = 'tasks:' || j.id || ':5' AND block = -1), 0) AS failed,
  coalesce((SELECT n FROM list_count WHERE list = 'tasks:' || j.id || ':6' AND block = -1), 0) AS canceled,
  coalesce((SELECT n FROM list_count WHERE list = 'exposed:' || j.id AND block = j.era), 0) AS at_risk,
  coalesce((SELECT n FROM list_count WHERE list = 'silent:' || j.id AND block = j.era), 0) AS silent

-- name: job_samples
-- How a job stood, oldest first; a job has at most 500 samples.
SELECT {sample_columns} FROM job_sample WHERE job_id = :job_id ORDER BY at_ms

-- name: job_now
-- How a job stands.
SELECT {sampled} FROM job j WHERE j.id = :job_id

-- name: next_running_jobs
-- Running jobs in the order of their ids, by the index of unfinished ones.
SELECT id FROM job
WHERE status IN ('PLANNED', 'IN_PROGRESS') AND status = 'IN_PROGRESS' AND id > :after_id ORDER BY id LIMIT :limit

-- name: sample_jobs
-- Those of the running jobs in (:after_id, :until_id] that are due, and have changed since their last sample. A clock that
-- was set back does not make them wait for it.
INSERT INTO job_sample (job_id, interval_ms, {sample_columns})
SELECT c.job_id, coalesce(l.interval_ms, :interval_ms), :now_ms, c.confirm, c.queued, c.notified, c.in_progress,
  c.succeeded, c.failed, c.canceled, c.at_risk, c.silent
FROM (SELECT j.id AS job_id, (SELECT max(s.at_ms) FROM job_sample s WHERE s.job_id = j.id AND s.at_ms <= :now_ms) AS last_ms, {sampled}
  FROM job j
  WHERE j.status IN ('PLANNED', 'IN_PROGRESS') AND j.status = 'IN_PROGRESS' AND j.id > :after_id AND j.id <= :until_id
) AS c LEFT JOIN job_sample l ON l.job_id = c.job_id AND l.at_ms = c.last_ms
WHERE l.job_id IS NULL OR (l.at_ms + l.interval_ms <= :now_ms
  AND (l.confirm, l.queued, l.notified, l.in_progress, l.succeeded, l.failed, l.canceled, l.at_risk, l.silent)
    <> (c.confirm, c.queued, c.notified, c.in_progress, c.succeeded, c.failed, c.canceled, c.at_risk, c.silent))
ON CONFLICT (job_id, at_ms) DO NOTHING
RETURNING job_id

-- name: sample_end
-- How a job stands at its end, whether another sample is due or not.
INSERT INTO job_sample (job_id, interval_ms, {sample_columns})
SELECT c.job_id, coalesce((SELECT max(s.interval_ms) FROM job_sample s WHERE s.job_id = c.job_id), :interval_ms), :now_ms,
  c.confirm, c.queued, c.notified, c.in_progress, c.succeeded, c.failed, c.canceled, c.at_risk, c.silent
FROM (SELECT j.id AS job_id, {sampled} FROM job j WHERE j.id = :job_id) AS c
WHERE TRUE
ON CONFLICT (job_id, at_ms) DO NOTHING

-- name: overfull_samples
-- Those of the given jobs that have more than :samples_max samples.
SELECT job_id FROM job_sample WHERE job_id IN ({given_ids}) GROUP BY job_id HAVING count(*) > :samples_max ORDER BY job_id

-- name: thin_samples
-- Every other sample of a job goes; the oldest and the newest stay.
DELETE FROM job_sample WHERE job_id = :job_id AND at_ms IN (
  SELECT at_ms FROM (
    SELECT at_ms, row_number() OVER (ORDER BY at_ms) AS place, count(*) OVER () AS n
    FROM job_sample WHERE job_id = :job_id) AS numbered
  WHERE place % 2 = 0 AND place < n)

-- name: sample_less_often
-- A job's next samples are twice as far apart.
UPDATE job_sample SET interval_ms = interval_ms * 2 WHERE job_id = :job_id

-- name: reasons_of_job
-- The reasons of a job that have words; at most 50.
SELECT number, code, words FROM job_reason WHERE job_id = :job_id

-- name: add_reason
-- A reason that no failure of the job had before.
INSERT INTO job_reason (job_id, number, code, words) VALUES (:job_id, :number, :code, :words)
ON CONFLICT (job_id, code, words) DO NOTHING

-- name: put_task_reason
-- Why a task failed, written when its transaction ends.
UPDATE task SET reason = :reason WHERE id = :task_id AND status = 5

-- name: put_conflict_reason
-- Tasks born FAILED: another job's task holds their device.
UPDATE task SET reason = :reason WHERE job_id = :job_id AND id >= :first_id AND id <= :last_id AND status = 5

-- name: task_reason
-- Why a task failed.
SELECT reason FROM task WHERE id = :task_id

-- name: reason_counts
-- How many tasks of a job have each reason now, by :reasons, the beginning of the names of its lists.
SELECT c.number, c.code, c.words, l.n FROM (
  SELECT column1 AS number, column1 AS code, '' AS words FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) AS codes
  UNION ALL SELECT number, code, words FROM job_reason WHERE job_id = :job_id
) AS c JOIN list_count l ON l.list = CAST(:reasons AS TEXT) || ':' || c.number AND l.block = -1
WHERE l.n > 0 ORDER BY l.n DESC, c.number

-- name: tasks_page_of_reason
-- A job's failed tasks of one reason, newest first.
SELECT {task_row_columns}
FROM (SELECT id FROM task WHERE job_id = :job_id AND status = 5 AND reason = :reason AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN task t ON t.id = page.id JOIN device d ON d.id = t.device_id LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY t.id DESC

-- name: tasks_page_unheard
-- A job's tasks whose devices were told and keep silent, newest first.
SELECT {task_row_columns}
FROM (SELECT id FROM task WHERE job_id = :job_id AND is_silent = 1 AND status IN (2, 3) AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN task t ON t.id = page.id JOIN device d ON d.id = t.device_id LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY t.id DESC

-- name: count_events
-- So many more events of a device, unless it is deleted; its row is held, so that its slots are given once.
INSERT INTO device_story (device_id, events)
SELECT d.id, CAST(:n AS BIGINT) FROM device d WHERE d.id = :device_id AND d.deleted_ms IS NULL
ON CONFLICT (device_id) DO UPDATE SET events = device_story.events + excluded.events

-- name: put_event
-- An event with :later ones after it, in place of the oldest when the ring is full.
INSERT INTO device_event (device_id, slot, at_ms, task_id, attempt, status, told_ms, begun_ms, progress, words,
  module_name, version_before, version_after)
SELECT s.device_id, (s.events - 1 - :later) % 50, :at_ms, :task_id, :attempt, :status, :told_ms, :begun_ms, :progress,
  :words, :module_name, :version_before, :version_after
FROM device_story s WHERE s.device_id = :device_id
ON CONFLICT (device_id, slot) DO UPDATE
SET at_ms = excluded.at_ms, task_id = excluded.task_id, attempt = excluded.attempt, status = excluded.status,
  told_ms = excluded.told_ms, begun_ms = excluded.begun_ms, progress = excluded.progress, words = excluded.words,
  module_name = excluded.module_name, version_before = excluded.version_before, version_after = excluded.version_after

-- name: device_events
-- What is kept of a device's versions and tasks, oldest first.
SELECT e.at_ms, e.task_id, t.job_id, coalesce(j.module_name, e.module_name), e.attempt, e.status, e.told_ms, e.begun_ms,
  e.progress, e.words, e.version_before, e.version_after
FROM device_story s JOIN device_event e ON e.device_id = s.device_id
  LEFT JOIN task t ON t.id = e.task_id LEFT JOIN job j ON j.id = t.job_id
WHERE s.device_id = :device_id
ORDER BY (e.slot - s.events % 50 + 50) % 50

-- columns: ended_stay
CASE
    WHEN (SELECT max(y.until_ms) FROM device_stay y WHERE y.device_id = d.id) >= d.state_ms - :flap_ms
      THEN (SELECT y.slot FROM device_stay y WHERE y.device_id = d.id ORDER BY y.until_ms DESC, y.slot LIMIT 1)
    WHEN (SELECT count(*) FROM device_stay y WHERE y.device_id = d.id) < 10
      THEN (SELECT count(*) FROM device_stay y WHERE y.device_id = d.id)
    ELSE (SELECT y.slot FROM device_stay y WHERE y.device_id = d.id ORDER BY y.until_ms, y.slot LIMIT 1) END,
  d.state_ms, :now_ms, 1

-- columns: merged_stay
(device_id, slot) DO UPDATE SET
  since_ms = CASE WHEN device_stay.until_ms >= excluded.since_ms - :flap_ms THEN device_stay.since_ms
    ELSE excluded.since_ms END,
  connections = CASE WHEN device_stay.until_ms >= excluded.since_ms - :flap_ms THEN device_stay.connections + 1 ELSE 1 END,
  until_ms = excluded.until_ms

-- name: end_stay
-- A device that is online until now leaves: before its state moves, which has since when. Who was back at once has stayed.
INSERT INTO device_stay (device_id, slot, since_ms, until_ms, connections)
SELECT d.id, {ended_stay} FROM device d WHERE d.id = :device_id AND d.state = 1 AND d.deleted_ms IS NULL
ON CONFLICT {merged_stay}

-- name: end_stays
-- As end_stay, for the given devices.
INSERT INTO device_stay (device_id, slot, since_ms, until_ms, connections)
SELECT d.id, {ended_stay} FROM device d WHERE d.state = 1 AND d.deleted_ms IS NULL AND d.id IN ({given_ids})
ON CONFLICT {merged_stay}

-- name: device_stays
-- A device's times online, the one that lasts with NULL.
SELECT since_ms, until_ms, connections FROM device_stay WHERE device_id = :device_id
UNION ALL SELECT state_ms, NULL, 1 FROM device WHERE id = :device_id AND state = 1 AND deleted_ms IS NULL

-- name: tasks_of_device
-- A device's tasks that are open or in the newest :jobs_max jobs of its product, oldest first.
SELECT {task_columns}, j.module_name, j.need_confirm, t.created_ms, j.dest_version
FROM task t JOIN job j ON j.id = t.job_id LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.id IN (
  SELECT o.id FROM task o WHERE o.device_id = :device_id AND o.status < 4
  UNION SELECT y.id FROM (
      SELECT x.id FROM job x WHERE x.product_id = (SELECT d.product_id FROM device d WHERE d.id = :device_id)
      ORDER BY x.id DESC LIMIT :jobs_max) AS newest
    JOIN task y ON y.job_id = newest.id AND y.device_id = :device_id)
ORDER BY t.id

-- name: forget_events
-- What happened to a device that is deleted.
DELETE FROM device_event WHERE device_id = :device_id

-- name: forget_stays
-- When a device that is deleted was online.
DELETE FROM device_stay WHERE device_id = :device_id

-- name: forget_story
-- How much happened to a device that is deleted.
DELETE FROM device_story WHERE device_id = :device_id
