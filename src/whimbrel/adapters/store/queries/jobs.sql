-- Jobs.

-- columns: job_columns
j.id, j.account_id, j.product_id, p.product_key, p.name, j.firmware_id, j.firmware_name, j.module_name,
  j.dest_version, j.required_version, j.sha256, j.md5, j.size_bytes, j.sign_method, j.firmware_type, j.udi, j.job_type,
  j.status, j.target_selection, j.need_push, j.need_confirm, j.timeout_minutes, j.tags, j.fill_after, j.fill_until,
  j.is_filled, j.dispatch_after, j.cancelling, j.cancel_after, j.created_ms, j.modified_ms, j.ended_ms

-- name: add_job
-- A new job in progress.
INSERT INTO job (account_id, product_id, firmware_id, firmware_name, module_name, dest_version, required_version, sha256,
  md5, size_bytes, sign_method, firmware_type, udi, job_type, status, target_selection, need_push, need_confirm,
  timeout_minutes, tags, fill_until, is_filled, created_ms, modified_ms)
VALUES (:account_id, :product_id, :firmware_id, :firmware_name, :module_name, :dest_version, :required_version, :sha256,
  :md5, :size_bytes, :sign_method, :firmware_type, :udi, :job_type, 'IN_PROGRESS', :target_selection, :need_push,
  :need_confirm, :timeout_minutes, :tags, :fill_until, :is_filled, :created_ms, :created_ms)
RETURNING id

-- name: job_by_id
-- One job of an account.
SELECT {job_columns}
FROM job j JOIN product p ON p.id = j.product_id
WHERE j.account_id = :account_id AND j.id = :job_id

-- name: unfinished_jobs
-- Planned and running jobs of all accounts, for the engine.
SELECT {job_columns}
FROM job j JOIN product p ON p.id = j.product_id
WHERE j.status IN ('PLANNED', 'IN_PROGRESS') AND j.id > :after_id ORDER BY j.id LIMIT :limit

-- name: newest_task
-- The id of a job's newest task.
SELECT coalesce(max(id), 0) FROM task WHERE job_id = :job_id

-- name: end_job
-- The end of a running job.
UPDATE job SET status = :status, ended_ms = :now_ms, modified_ms = :now_ms
WHERE id = :job_id AND status = 'IN_PROGRESS'

-- name: ask_cancel
-- Ask for the cancelling of tasks; the engine walks from the start again.
UPDATE job SET cancelling = cancelling | :statuses, cancel_after = 0, modified_ms = :now_ms WHERE id = :job_id

-- name: unfinished_job_of_firmware
-- Any job that still needs the firmware.
SELECT 1 FROM job WHERE firmware_id = :firmware_id AND status IN ('PLANNED', 'IN_PROGRESS') LIMIT 1

-- name: latest_verify_job
-- The newest verification of a firmware.
SELECT id FROM job WHERE firmware_id = :firmware_id AND job_type = 'VERIFY_FIRMWARE' ORDER BY id DESC LIMIT 1
