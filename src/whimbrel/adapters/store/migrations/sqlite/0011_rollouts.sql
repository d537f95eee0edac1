-- Gates, evidence pacing, stages, windows, and holding a job.

-- rollout: the policy that the job pins, JSON (domain/rollout.py); '{}' has no gate and no pace.
-- hold: 0 none, 1 paused by somebody, 2 halted by its gate; why, and since when. What happened is in job_event.
-- wave: the wave that devices which start now belong to (domain/gate.py). After a hold, the gate and the pace look at
-- what started from gate_wave on, and at what was told in this era; what is older is excused.
-- stage: which of its stages is under way, from 0; stage_until: the newest task that may leave in it; soaked_ms: since
-- when the stage is as healthy as it has to be.
-- order_factor: what shuffles its devices (domain/gray.py); NULL takes them in the order of their ids.
ALTER TABLE job ADD COLUMN rollout TEXT NOT NULL DEFAULT '{}';
ALTER TABLE job ADD COLUMN hold INTEGER NOT NULL DEFAULT 0 CHECK (hold IN (0, 1, 2));
ALTER TABLE job ADD COLUMN hold_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE job ADD COLUMN hold_ms INTEGER;
ALTER TABLE job ADD COLUMN wave INTEGER NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN gate_wave INTEGER NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN era INTEGER NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN stage_until INTEGER NOT NULL DEFAULT 0;
UPDATE job SET stage_until = 9223372036854775807;
ALTER TABLE job ADD COLUMN soaked_ms INTEGER;
ALTER TABLE job ADD COLUMN order_factor INTEGER;

-- wave: the one in which the device started, 0 before, and for tasks that the gate does not count: a device counts once
-- in a job. era: of the job when the task was last told; 0 before. is_silent: no word for longer than the gate allows.
ALTER TABLE task ADD COLUMN wave INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN era INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN is_silent INTEGER NOT NULL DEFAULT 0;

-- place: of a job whose devices are shuffled, where the device comes.
ALTER TABLE job_target ADD COLUMN place INTEGER;
CREATE INDEX job_target_by_place ON job_target (job_id, place, device_id) WHERE place IS NOT NULL;

-- When the engine looks for silent devices among the tasks of a block of 512 ids; one row for them all, so that reports
-- write next to nothing. floor_ms: silence before it is not the devices', because the server was away or its clock jumped.
CREATE TABLE job_watch (
  job_id INTEGER NOT NULL REFERENCES job (id),
  block INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  floor_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job_id, block)
) WITHOUT ROWID;
CREATE INDEX job_watch_due ON job_watch (due_ms);

-- What happened to a job, oldest first. who: the AccessKey, or '' when the engine did it.
CREATE TABLE job_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES job (id),
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  who TEXT NOT NULL,
  words TEXT NOT NULL
);
CREATE INDEX job_event_of_job ON job_event (job_id, id);

-- When the engine was last seen alive, by the wall clock.
CREATE TABLE engine_alive (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at_ms INTEGER NOT NULL
);

-- The policy that an account's new jobs carry where the call says nothing; '' is the one of this release.
ALTER TABLE account ADD COLUMN rollout TEXT NOT NULL DEFAULT '';
