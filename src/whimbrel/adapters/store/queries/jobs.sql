-- Jobs.

-- columns: job_columns
j.id, j.account_id, j.product_id, p.product_key, p.name, j.firmware_id, j.firmware_name, j.module_name,
  j.dest_version, j.required_version, j.sha256, j.md5, j.size_bytes, j.sign_method, j.firmware_type, j.udi, j.job_type,
  j.status, j.target_selection, j.need_push, j.need_confirm, j.timeout_minutes, j.tags, j.fill_after, j.fill_until,
  j.is_filled, j.dispatch_after, j.cancelling, j.cancel_after, j.created_ms, j.modified_ms, j.ended_ms, j.files,
  j.selection_type, j.dynamic_mode, j.src_versions, j.gray_percent, j.gray_left, j.group_row_id, j.group_id,
  j.group_name, j.device_list_key, j.gather_after, j.is_gathered, j.schedule_ms, j.schedule_finish_ms,
  j.schedule_ended_ms, j.started_ms, j.retry_minutes, j.retry_count, j.maximum_per_minute, j.overwrite_mode,
  j.multi_module_mode, j.download_protocol, j.strategy_ended_ms, j.rollout, j.hold, j.hold_reason, j.hold_ms, j.wave,
  j.gate_wave, j.era, j.stage, j.stage_until, j.soaked_ms, j.order_factor, j.created_by, j.approved_by

-- name: add_job
-- A new job, planned or in progress.
INSERT INTO job (account_id, product_id, firmware_id, firmware_name, module_name, dest_version, required_version, sha256,
  md5, size_bytes, sign_method, firmware_type, udi, job_type, status, target_selection, need_push, need_confirm,
  timeout_minutes, tags, fill_until, is_filled, created_ms, modified_ms, files, selection_type, dynamic_mode, src_versions,
  gray_percent, group_row_id, group_id, group_name, device_list_key, is_gathered, schedule_ms, schedule_finish_ms,
  started_ms, retry_minutes, retry_count, maximum_per_minute, overwrite_mode, multi_module_mode, download_protocol,
  rollout, stage_until, order_factor, created_by, hold, hold_reason, hold_ms)
VALUES (:account_id, :product_id, :firmware_id, :firmware_name, :module_name, :dest_version, :required_version, :sha256,
  :md5, :size_bytes, :sign_method, :firmware_type, :udi, :job_type, :status, :target_selection, :need_push,
  :need_confirm, :timeout_minutes, :tags, :fill_until, :is_filled, :created_ms, :created_ms, :files, :selection_type,
  :dynamic_mode, :src_versions, :gray_percent, :group_row_id, :group_id, :group_name, :device_list_key, :is_gathered,
  :schedule_ms, :schedule_finish_ms, :started_ms, :retry_minutes, :retry_count, :maximum_per_minute, :overwrite_mode,
  :multi_module_mode, :download_protocol, :rollout, :stage_until, :order_factor, :created_by, :hold, :hold_reason,
  :hold_ms)
RETURNING id

-- name: add_job_source
-- A version that the job's devices must report.
INSERT INTO job_source (job_id, version) VALUES (:job_id, :version)

-- name: job_by_id
-- One job of an account.
SELECT {job_columns}
FROM job j JOIN product p ON p.id = j.product_id
WHERE j.account_id = :account_id AND j.id = :job_id

-- name: running_jobs
-- Running jobs of all accounts, for the engine; by the index of unfinished ones.
SELECT {job_columns}
FROM job j JOIN product p ON p.id = j.product_id
WHERE j.status IN ('PLANNED', 'IN_PROGRESS') AND j.status = 'IN_PROGRESS' AND j.id > :after_id ORDER BY j.id LIMIT :limit

-- name: end_job
-- The end of a running job.
UPDATE job SET status = :status, ended_ms = :now_ms, modified_ms = :now_ms
WHERE id = :job_id AND status = 'IN_PROGRESS'

-- name: ask_cancel
-- Ask for the cancelling of a running job's tasks; the engine walks from the start again.
UPDATE job SET cancelling = cancelling | :statuses, cancel_after = 0, modified_ms = :now_ms
WHERE id = :job_id AND status = 'IN_PROGRESS'

-- name: unfinished_job_of_firmware
-- Any job that still needs the firmware.
SELECT 1 FROM job WHERE firmware_id = :firmware_id AND status IN ('PLANNED', 'IN_PROGRESS') LIMIT 1

-- name: latest_verify_job
-- The newest verification of a firmware.
SELECT id FROM job WHERE firmware_id = :firmware_id AND job_type = 'VERIFY_FIRMWARE' ORDER BY id DESC LIMIT 1

-- name: jobs_page_of_firmware
-- A firmware's jobs, newest first.
SELECT {job_columns}
FROM (SELECT id FROM job WHERE firmware_id = :firmware_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN job j ON j.id = page.id JOIN product p ON p.id = j.product_id ORDER BY j.id DESC

-- name: jobs_of_device_total
-- How many jobs of a firmware have a task for the device: two index entries for each job of the firmware.
SELECT count(*) FROM job j
WHERE j.firmware_id = :firmware_id
  AND EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.device_id = :device_id)

-- name: jobs_page_of_device
-- The firmware's jobs that have a task for the device, newest first.
SELECT {job_columns}
FROM (SELECT id FROM job x
  WHERE x.firmware_id = :firmware_id
    AND EXISTS (SELECT 1 FROM task t WHERE t.job_id = x.id AND t.device_id = :device_id)
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN job j ON j.id = page.id JOIN product p ON p.id = j.product_id ORDER BY j.id DESC

-- name: start_job
-- A planned job starts.
UPDATE job SET status = 'IN_PROGRESS', started_ms = :now_ms, modified_ms = :now_ms
WHERE id = :job_id AND status = 'PLANNED'

-- name: cancel_planned_job
-- A planned job that never starts.
UPDATE job SET status = 'CANCELED', is_gathered = 1, is_filled = 1, ended_ms = :now_ms, modified_ms = :now_ms
WHERE id = :job_id AND status = 'PLANNED'

-- name: reopen_job
-- An ended job goes on, because one of its tasks does.
UPDATE job SET status = 'IN_PROGRESS', ended_ms = NULL, modified_ms = :now_ms
WHERE id = :job_id AND status IN ('COMPLETED', 'CANCELED')

-- name: end_job_schedule
-- A job's ScheduleFinishTime has come.
UPDATE job SET schedule_ended_ms = :now_ms, modified_ms = :now_ms
WHERE id = :job_id AND status = 'IN_PROGRESS' AND schedule_finish_ms IS NOT NULL AND schedule_ended_ms IS NULL

-- name: end_job_strategy
-- A dynamic job takes no more devices.
UPDATE job SET strategy_ended_ms = :now_ms, is_gathered = 1, is_filled = 1, modified_ms = :now_ms
WHERE id = :job_id AND selection_type = 'DYNAMIC' AND status = 'IN_PROGRESS' AND strategy_ended_ms IS NULL

-- name: change_job
-- What UpdateOTAJob changes of a job that has not ended.
UPDATE job SET maximum_per_minute = :maximum_per_minute, tags = :tags, timeout_minutes = :timeout_minutes,
  src_versions = :src_versions, modified_ms = :now_ms
WHERE id = :job_id AND status IN ('PLANNED', 'IN_PROGRESS') AND strategy_ended_ms IS NULL

-- name: fill_again
-- A dynamic job takes devices that match it only now; those that it has taken already are passed over.
UPDATE job SET fill_after = 0, fill_until = :fill_until, is_filled = 0 WHERE id = :job_id

-- name: forget_job_sources
-- The versions that a job asked for so far.
DELETE FROM job_source WHERE job_id = :job_id

-- name: next_schedule
-- When the next planned job starts or the next schedule ends.
SELECT min(due_ms) FROM (
  SELECT min(schedule_ms) AS due_ms FROM job WHERE status = 'PLANNED'
  UNION ALL SELECT min(schedule_finish_ms) FROM job
    WHERE status = 'IN_PROGRESS' AND schedule_finish_ms IS NOT NULL AND schedule_ended_ms IS NULL
) AS due
