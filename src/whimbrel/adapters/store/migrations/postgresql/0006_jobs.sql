-- Jobs of every kind: scheduled and dynamic ones, target sets by group, share, file and source version, retries, pacing.

-- src_versions: JSON, at most 10; the same versions, with a difference's own, are the rows of job_source.
-- gray_devices: how many devices GRAY takes, known once the job has started; gray_left: those not gathered yet.
-- group_row_id leads to device_group without being a reference: the job outlives its group, whose names it pins.
-- device_list_key: the upload that device_list_part holds the names of.
-- gather_after, is_gathered: how far the target set has been gathered into job_target (GRAY: the share's key, unwrapped;
-- a file: its part). Only then are tasks made. ALL and dynamic jobs walk the product instead, and gather nothing.
-- A scheduled job is PLANNED until schedule_ms; at schedule_finish_ms what has not begun is cancelled, once
-- (schedule_ended_ms). A dynamic job whose strategy ended stays in progress until its last task ends.
ALTER TABLE job ADD COLUMN selection_type TEXT NOT NULL DEFAULT 'STATIC';
ALTER TABLE job ADD COLUMN dynamic_mode INTEGER;
ALTER TABLE job ADD COLUMN src_versions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE job ADD COLUMN gray_percent TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN gray_devices BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN gray_left BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN group_row_id BIGINT;
ALTER TABLE job ADD COLUMN group_id TEXT;
ALTER TABLE job ADD COLUMN group_name TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN device_list_key TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN gather_after BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN is_gathered INTEGER NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN schedule_ms BIGINT;
ALTER TABLE job ADD COLUMN schedule_finish_ms BIGINT;
ALTER TABLE job ADD COLUMN schedule_ended_ms BIGINT;
ALTER TABLE job ADD COLUMN started_ms BIGINT;
ALTER TABLE job ADD COLUMN retry_minutes INTEGER;
ALTER TABLE job ADD COLUMN retry_count INTEGER;
ALTER TABLE job ADD COLUMN maximum_per_minute INTEGER;
ALTER TABLE job ADD COLUMN overwrite_mode INTEGER NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN multi_module_mode INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN download_protocol TEXT NOT NULL DEFAULT 'HTTPS';
ALTER TABLE job ADD COLUMN strategy_ended_ms BIGINT;
UPDATE job SET started_ms = created_ms;
CREATE INDEX job_planned ON job (schedule_ms) WHERE status = 'PLANNED';
CREATE INDEX job_finishing ON job (schedule_finish_ms)
  WHERE status = 'IN_PROGRESS' AND schedule_finish_ms IS NOT NULL AND schedule_ended_ms IS NULL;
CREATE INDEX job_by_device_list ON job (device_list_key) WHERE device_list_key <> '';

-- The versions that a job's devices must report, when there are any.
CREATE TABLE job_source (
  job_id BIGINT NOT NULL REFERENCES job (id),
  version TEXT NOT NULL,
  PRIMARY KEY (job_id, version)
);
INSERT INTO job_source (job_id, version) SELECT id, required_version FROM job WHERE required_version <> '';

-- The frozen target set of a job that does not take all (I2). Devices are no references: one that was deleted since is
-- not found by the fill.
CREATE TABLE job_target (
  job_id BIGINT NOT NULL REFERENCES job (id),
  device_id BIGINT NOT NULL,
  PRIMARY KEY (job_id, device_id)
);

-- What a running dynamic job follows: one row for each source version, or one for its group (then version is '').
-- The unique index is the rule of api-contract 7.4: one dynamic job for a firmware and a source version or group.
CREATE TABLE strategy (
  product_id BIGINT NOT NULL REFERENCES product (id),
  module_name TEXT NOT NULL,
  version TEXT NOT NULL,
  group_row_id BIGINT NOT NULL DEFAULT 0,
  job_id BIGINT NOT NULL REFERENCES job (id),
  firmware_id BIGINT NOT NULL,
  PRIMARY KEY (product_id, module_name, version, group_row_id, job_id)
);
CREATE UNIQUE INDEX strategy_of_firmware ON strategy (firmware_id, version, group_row_id);
CREATE INDEX strategy_of_group ON strategy (group_row_id, job_id) WHERE group_row_id <> 0;
CREATE INDEX strategy_of_job ON strategy (job_id);

-- When a job notified how many devices, for the sliding minute of MaximumPerMinute (I5).
CREATE TABLE job_notice (
  job_id BIGINT NOT NULL REFERENCES job (id),
  at_ms BIGINT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (job_id, at_ms)
);

-- An uploaded device list, once it has been read: how many names it has, or why it is no list.
CREATE TABLE device_list (
  object_key TEXT PRIMARY KEY,
  names INTEGER NOT NULL,
  fault TEXT NOT NULL,
  stored_ms BIGINT NOT NULL
);
CREATE INDEX device_list_by_age ON device_list (stored_ms);

-- The names of an uploaded device list, some hundreds a part: each padded with blanks to `width` characters, so that one
-- statement resolves them on every engine.
CREATE TABLE device_list_part (
  object_key TEXT NOT NULL,
  number BIGINT NOT NULL,
  width INTEGER NOT NULL,
  n INTEGER NOT NULL,
  names TEXT NOT NULL,
  PRIMARY KEY (object_key, number)
);

-- retries: automatic ones so far; attempt also counts re-upgrades. is_confirmed: somebody released it.
-- due_ms: when time moves the task: one in progress times out, a queued one that waits for its retry may leave.
-- match_number: in a dynamic job a device may match again, at most 10 times (api-contract 7.4).
-- overwritten_by: the job whose task took the place of this one.
-- open_scope: '' for a task of a job with MultiModuleMode=false, else the job's module.
ALTER TABLE task ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN is_confirmed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN match_number INTEGER NOT NULL DEFAULT 1 CHECK (match_number BETWEEN 1 AND 10);
ALTER TABLE task ADD COLUMN overwritten_by BIGINT;
ALTER TABLE task ADD COLUMN open_scope TEXT NOT NULL DEFAULT '';

-- I3: one open task per device over all jobs; with MultiModuleMode, one per device and module. The database holds both.
-- Between the two kinds the mode of the newer job decides (api-contract 7.3): without MultiModuleMode it conflicts with
-- any open task of the device, with it only with one of its own module. No index can say that; the statements that open
-- a task do, one job of a product at a time.
DROP INDEX task_open_of_device;
CREATE UNIQUE INDEX task_open_of_device ON task (device_id, open_scope) WHERE status < 4;
-- I2: a device is in a job once; in a dynamic one, once per match.
DROP INDEX task_of_job_device;
CREATE UNIQUE INDEX task_of_job_device ON task (job_id, device_id, match_number);

-- Devices that were named one by one so far.
INSERT INTO job_target (job_id, device_id)
SELECT t.job_id, t.device_id FROM task t JOIN job j ON j.id = t.job_id WHERE j.target_selection = 'SPECIFIC';

-- The lists that this release counts: a firmware's jobs, and which devices of a product report a version of a module.
INSERT INTO list_count (list, block, n)
SELECT 'jobs:' || firmware_id, id >> 12, count(*) FROM job GROUP BY 1, 2
UNION ALL SELECT 'jobs:' || firmware_id, -1, count(*) FROM job GROUP BY 1
UNION ALL SELECT 'versions:' || d.product_id || ':' || m.module_name || ':' || m.version, d.id >> 12, count(*)
  FROM module_version m JOIN device d ON d.id = m.device_id WHERE d.deleted_ms IS NULL GROUP BY 1, 2
UNION ALL SELECT 'versions:' || d.product_id || ':' || m.module_name || ':' || m.version, -1, count(*)
  FROM module_version m JOIN device d ON d.id = m.device_id WHERE d.deleted_ms IS NULL GROUP BY 1;
