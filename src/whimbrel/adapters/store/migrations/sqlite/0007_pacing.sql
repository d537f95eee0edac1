-- Queued tasks that are ready to leave behind the dispatch cursor: their device came, or their retry is due.

-- A report writes rows here instead of moving the job's cursor back: devices come by the thousand, and looking at every
-- task again for each of them would not end. The engine takes them off as MaximumPerMinute allows.
CREATE TABLE job_ready (
  job_id INTEGER NOT NULL REFERENCES job (id),
  task_id INTEGER NOT NULL REFERENCES task (id),
  PRIMARY KEY (job_id, task_id)
) WITHOUT ROWID;
