-- What happened over time: to jobs, to the tasks that failed in them, and to devices (ADR 0058).

-- How a job stood. interval_ms: the next sample is due after so long. Rows are thinned, so a job has at most 500.
CREATE TABLE job_sample (
  job_id BIGINT NOT NULL REFERENCES job (id),
  at_ms BIGINT NOT NULL,
  interval_ms BIGINT NOT NULL,
  confirm BIGINT NOT NULL,
  queued BIGINT NOT NULL,
  notified BIGINT NOT NULL,
  in_progress BIGINT NOT NULL,
  succeeded BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  canceled BIGINT NOT NULL,
  at_risk BIGINT NOT NULL,
  silent BIGINT NOT NULL,
  PRIMARY KEY (job_id, at_ms)
);

-- Reasons of a job that have words. code: domain/failure.FailureCode. That there are at most 50 is held here (I17).
CREATE TABLE job_reason (
  job_id BIGINT NOT NULL REFERENCES job (id),
  number INTEGER NOT NULL CHECK (number BETWEEN 16 AND 65),
  code INTEGER NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (job_id, number),
  UNIQUE (job_id, code, words)
);

-- reason: why a failed task failed, the number of a job_reason or of a code; 0 of tasks that have not failed.
ALTER TABLE task ADD COLUMN reason INTEGER NOT NULL DEFAULT 0;
UPDATE task SET reason = coalesce((
  SELECT CASE
    WHEN w.words LIKE 'timeout,%' THEN 2
    WHEN w.words LIKE 'the device ha_ an open task in another job%' THEN 3
    WHEN w.words LIKE 'report version is not conform%' THEN 8
    WHEN w.words LIKE 'step -2:%' THEN 5
    WHEN w.words LIKE 'step -3:%' THEN 6
    WHEN w.words LIKE 'step -4:%' THEN 7
    ELSE 4 END
  FROM task_description w WHERE w.task_id = task.id), 4)
WHERE status = 5;
-- told_ms, begun_ms: when the device was told of the attempt, and first spoke of it.
ALTER TABLE task ADD COLUMN told_ms BIGINT;
ALTER TABLE task ADD COLUMN begun_ms BIGINT;

CREATE INDEX task_of_reason ON task (job_id, reason, id) WHERE status = 5;
CREATE INDEX task_unheard ON task (job_id, id) WHERE is_silent = 1 AND status IN (2, 3);

INSERT INTO list_count (list, block, n)
WITH entry AS (
  SELECT 'reasons:' || job_id || ':' || reason AS list, id >> 12 AS block FROM task WHERE status = 5
  UNION ALL SELECT 'reasons:' || job_id || ':1', id >> 12 FROM task WHERE is_silent = 1 AND status IN (2, 3)
)
SELECT list, block, count(*) FROM entry GROUP BY 1, 2 UNION ALL SELECT list, -1, count(*) FROM entry GROUP BY 1;

-- Rings of what happened to a device: a slot is written over by what comes a whole round later, so a device never has
-- more rows than slots (I17). events: how many there were of it, which says where the newest is.
CREATE TABLE device_story (
  device_id BIGINT PRIMARY KEY,
  events INTEGER NOT NULL
);

-- A change of a version (module_name, version_before, version_after), of a task (the columns between), or of both by one
-- report. told_ms, begun_ms: of the attempt that it ends.
CREATE TABLE device_event (
  device_id BIGINT NOT NULL,
  slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 49),
  at_ms BIGINT NOT NULL,
  task_id BIGINT,
  attempt INTEGER,
  status INTEGER,
  told_ms BIGINT,
  begun_ms BIGINT,
  progress INTEGER,
  words TEXT,
  module_name TEXT,
  version_before TEXT,
  version_after TEXT,
  PRIMARY KEY (device_id, slot)
);

-- Times online that are over; the one that lasts is the device's own state. connections: how often it came within it.
CREATE TABLE device_stay (
  device_id BIGINT NOT NULL,
  slot INTEGER NOT NULL CHECK (slot BETWEEN 0 AND 9),
  since_ms BIGINT NOT NULL,
  until_ms BIGINT NOT NULL,
  connections INTEGER NOT NULL,
  PRIMARY KEY (device_id, slot)
);
