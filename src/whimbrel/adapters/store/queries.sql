-- Every statement of the store, by name. A name is followed by a sentence; parameters are :named.
-- `-- columns:` names what several statements select, written there as {name}; the repositories build values of it.
-- Both engines run these; what only one of them understands is in that engine's own file.

-- columns: product_columns
p.id, p.account_id, p.product_key, p.secret_sealed, p.name, p.node_type, p.data_format, p.net_type, p.auth_type,
  p.protocol_type, p.commodity_code, p.description, p.category_key, p.validate_type, p.created_ms, coalesce(c.n, 0)

-- columns: device_columns
d.id, d.account_id, d.product_id, p.product_key, p.name, p.node_type, d.device_name, d.iot_id, d.secret_sealed,
  d.nickname, d.is_disabled, d.created_ms, d.modified_ms, d.activated_ms, d.last_online_ms, d.ip_address, o.since_ms

-- columns: firmware_columns
f.id, f.account_id, f.product_id, p.product_key, p.name, f.module_name, f.name, f.dest_version, f.src_version,
  f.type, f.status, f.sign_method, f.sha256, f.md5, f.size_bytes, f.description, f.udi, f.object_key, f.created_ms,
  f.modified_ms

-- columns: job_columns
j.id, j.account_id, j.product_id, p.product_key, p.name, j.firmware_id, j.firmware_name, j.module_name,
  j.dest_version, j.required_version, j.sha256, j.md5, j.size_bytes, j.sign_method, j.firmware_type, j.udi, j.job_type,
  j.status, j.target_selection, j.need_push, j.need_confirm, j.timeout_minutes, j.tags, j.fill_after, j.fill_until,
  j.is_filled, j.dispatch_after, j.cancelling, j.cancel_after, j.created_ms, j.modified_ms, j.ended_ms

-- columns: task_columns
t.id, t.job_id, t.device_id, t.status, t.attempt, t.progress, t.due_ms, t.src_version, coalesce(w.words, '')

-- columns: task_row_columns
{task_columns},
  d.device_name, d.iot_id, t.created_ms, t.modified_ms

-- name: account_by_name
-- The id of an account.
SELECT id FROM account WHERE name = :name

-- name: add_account
-- A new account.
INSERT INTO account (name, created_ms) VALUES (:name, :now_ms) RETURNING id

-- name: probe
-- A write without a change.
UPDATE account SET name = name WHERE id = (SELECT min(id) FROM account)

-- name: access_key
-- A signing key by its public id; the gate's first question.
SELECT account_id, access_key_id, secret_sealed, is_active, policy FROM access_key WHERE access_key_id = :access_key_id

-- name: put_access_key
-- Add a key, or give the key another secret and policy.
INSERT INTO access_key (access_key_id, account_id, secret_sealed, is_active, policy, created_ms)
VALUES (:access_key_id, :account_id, :secret_sealed, :is_active, :policy, :now_ms)
ON CONFLICT (access_key_id) DO UPDATE
SET secret_sealed = excluded.secret_sealed, is_active = excluded.is_active, policy = excluded.policy
WHERE access_key.account_id = excluded.account_id

-- ---- lists -------------------------------------------------------------------------------------------------------
-- A page's statement first takes the ids from the list's covering index, then the rows: skipping 4,090 rows costs
-- 0.1 ms so, and 1 ms when each skipped row is joined.

-- name: list_total
-- How many rows a list has.
SELECT n FROM list_count WHERE list = :list AND block = -1

-- name: list_block_at
-- The block that holds the row at :offset, newest first, and how many rows of the list are in newer blocks.
SELECT block, newer FROM (
  SELECT block, n, sum(n) OVER (ORDER BY block DESC) - n AS newer FROM list_count WHERE list = :list AND block >= 0
) AS blocks
WHERE newer <= :offset AND newer + n > :offset
ORDER BY block DESC LIMIT 1

-- name: add_to_list
-- Change a list's count in one block; :n may be negative.
INSERT INTO list_count (list, block, n) VALUES (:list, :block, :n)
ON CONFLICT (list, block) DO UPDATE SET n = list_count.n + excluded.n

-- ---- products ------------------------------------------------------------------------------------------------------

-- name: add_product
-- A new product; the unique indexes refuse a taken name.
INSERT INTO product (account_id, product_key, secret_sealed, name, node_type, data_format, net_type, auth_type,
  protocol_type, commodity_code, description, category_key, validate_type, created_ms)
VALUES (:account_id, :product_key, :secret_sealed, :name, :node_type, :data_format, :net_type, :auth_type,
  :protocol_type, :commodity_code, :description, :category_key, :validate_type, :created_ms)
RETURNING id

-- name: product_by_key
-- A product with the number of its devices.
SELECT {product_columns}
FROM product p LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
WHERE p.account_id = :account_id AND p.product_key = :product_key

-- name: products_page
-- An account's products, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product WHERE account_id = :account_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC

-- name: products_page_of_commodity
-- An account's products of one commodity code, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product WHERE account_id = :account_id AND commodity_code = :commodity_code AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC

-- ---- devices -------------------------------------------------------------------------------------------------------

-- name: add_device
-- A new device; the unique indexes refuse a taken name.
INSERT INTO device (account_id, product_id, device_name, iot_id, secret_sealed, nickname, created_ms, modified_ms)
VALUES (:account_id, :product_id, :device_name, :iot_id, :secret_sealed, :nickname, :created_ms, :created_ms)
RETURNING id

-- name: device_by_name
-- A device by its product's key and its name.
SELECT {device_columns}
FROM product p JOIN device d ON d.product_id = p.id LEFT JOIN presence o ON o.device_id = d.id
WHERE p.account_id = :account_id AND p.product_key = :product_key AND d.device_name = :device_name

-- name: device_by_iot_id
-- A device by its IotId.
SELECT {device_columns}
FROM device d JOIN product p ON p.id = d.product_id LEFT JOIN presence o ON o.device_id = d.id
WHERE d.account_id = :account_id AND d.iot_id = :iot_id

-- name: devices_page
-- A product's devices, newest first.
SELECT {device_columns}
FROM (SELECT id FROM device WHERE product_id = :product_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id LEFT JOIN presence o ON o.device_id = d.id
WHERE d.account_id = :account_id ORDER BY d.id DESC

-- name: device_id_by_name
-- A device's id inside a product.
SELECT id FROM device WHERE account_id = :account_id AND product_id = :product_id AND device_name = :device_name

-- name: largest_device_id
-- The id of a product's newest device.
SELECT coalesce(max(id), 0) FROM device WHERE product_id = :product_id

-- name: device_login
-- What the device door checks credentials against.
SELECT d.id, d.account_id, d.iot_id, d.secret_sealed, d.is_disabled
FROM product p JOIN device d ON d.product_id = p.id
WHERE p.product_key = :product_key AND d.device_name = :device_name

-- name: activate_device
-- A device is online; the first time activates it.
UPDATE device SET activated_ms = coalesce(activated_ms, :now_ms), last_online_ms = :now_ms, ip_address = :ip_address
WHERE id = :device_id

-- name: put_presence
-- The newest session of a device holds its presence.
INSERT INTO presence (device_id, node_id, session_id, since_ms) VALUES (:device_id, :node_id, :session_id, :now_ms)
ON CONFLICT (device_id) DO UPDATE
SET node_id = excluded.node_id, session_id = excluded.session_id, since_ms = excluded.since_ms

-- name: delete_presence
-- A session ended; a newer one of the same device keeps its row.
DELETE FROM presence WHERE device_id = :device_id AND node_id = :node_id AND session_id = :session_id

-- name: clear_presence
-- A node starts: nobody is connected to it.
DELETE FROM presence WHERE node_id = :node_id

-- name: module_version
-- The version a device reported for a module.
SELECT version FROM module_version WHERE device_id = :device_id AND module_name = :module_name

-- name: module_versions_total
-- How many modules a device has reported (bounded by MODULES_PER_DEVICE_MAX).
SELECT count(*) FROM module_version WHERE device_id = :device_id

-- name: put_module_version
-- What a device reported.
INSERT INTO module_version (device_id, module_name, version, reported_ms)
VALUES (:device_id, :module_name, :version, :now_ms)
ON CONFLICT (device_id, module_name) DO UPDATE SET version = excluded.version, reported_ms = excluded.reported_ms

-- name: module_versions_page
-- What a device reported, the module `default` first, then newest first; a device has few modules.
SELECT module_name, version, reported_ms FROM module_version WHERE device_id = :device_id
ORDER BY module_name <> 'default', reported_ms DESC, module_name LIMIT :size OFFSET :skip

-- ---- uploads -------------------------------------------------------------------------------------------------------

-- name: issue_upload
-- Credentials for one file.
INSERT INTO upload (object_key, account_id, issued_ms, expires_ms) VALUES (:object_key, :account_id, :now_ms, :expires_ms)

-- name: begin_upload
-- The one use of the credentials.
UPDATE upload SET begun_ms = :now_ms
WHERE object_key = :object_key AND begun_ms IS NULL AND expires_ms >= :now_ms

-- name: finish_upload
-- The file is stored.
UPDATE upload SET stored_ms = :stored_ms, sha256 = :sha256, md5 = :md5, size_bytes = :size_bytes
WHERE object_key = :object_key AND begun_ms IS NOT NULL AND stored_ms IS NULL

-- name: upload_by_key
-- A stored file of an account.
SELECT object_key, sha256, md5, size_bytes, stored_ms, is_used FROM upload
WHERE object_key = :object_key AND account_id = :account_id AND stored_ms IS NOT NULL

-- name: mark_upload_used
-- The file became firmware.
UPDATE upload SET is_used = 1 WHERE object_key = :object_key

-- name: forget_uploads
-- Rows of old uploads; firmware made of them stands on its own.
DELETE FROM upload WHERE issued_ms < :issued_before_ms

-- ---- firmware ------------------------------------------------------------------------------------------------------

-- name: add_firmware
-- New firmware; the unique indexes refuse a taken name or version.
INSERT INTO firmware (account_id, product_id, module_name, name, dest_version, src_version, type, status, sign_method,
  sha256, md5, size_bytes, description, udi, object_key, created_ms, modified_ms)
VALUES (:account_id, :product_id, :module_name, :name, :dest_version, :src_version, :type, :status, :sign_method,
  :sha256, :md5, :size_bytes, :description, :udi, :object_key, :created_ms, :created_ms)
RETURNING id

-- name: firmware_by_id
-- One firmware of an account.
SELECT {firmware_columns}
FROM firmware f JOIN product p ON p.id = f.product_id
WHERE f.account_id = :account_id AND f.id = :firmware_id

-- name: firmware_of_link
-- The firmware of a download link, whose signature the caller checks.
SELECT {firmware_columns}
FROM firmware f JOIN product p ON p.id = f.product_id
WHERE f.id = :firmware_id

-- name: firmware_page
-- An account's firmware, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE account_id = :account_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: firmware_page_of_product
-- A product's firmware, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE product_id = :product_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: firmware_page_of_version
-- An account's firmware of one version, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE account_id = :account_id AND dest_version = :dest_version AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: firmware_page_of_product_version
-- A product's firmware of one version, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE product_id = :product_id AND dest_version = :dest_version AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: product_id
-- A product's id inside an account.
SELECT id FROM product WHERE account_id = :account_id AND product_key = :product_key

-- name: move_firmware
-- Compare and set of the verification status.
UPDATE firmware SET status = :new, modified_ms = :now_ms WHERE id = :firmware_id AND status = :old

-- name: delete_firmware
-- The row goes; its file is swept later, when nothing else refers to it.
DELETE FROM firmware WHERE id = :firmware_id AND account_id = :account_id

-- name: object_reference
-- Any row that needs the object.
SELECT 1 FROM firmware WHERE sha256 = :sha256
UNION ALL SELECT 1 FROM job WHERE sha256 = :sha256 AND status IN ('PLANNED', 'IN_PROGRESS')
UNION ALL SELECT 1 FROM upload WHERE sha256 = :sha256 AND issued_ms >= :uploaded_after_ms
LIMIT 1

-- ---- jobs ----------------------------------------------------------------------------------------------------------

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

-- ---- tasks one by one ----------------------------------------------------------------------------------------------

-- name: tasks_page
-- A job's tasks, newest first.
SELECT {task_row_columns}
FROM (SELECT id FROM task WHERE job_id = :job_id AND id < :below ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN task t ON t.id = page.id JOIN device d ON d.id = t.device_id LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY t.id DESC

-- name: tasks_page_of_status
-- A job's tasks in one status, newest first.
SELECT {task_row_columns}
FROM (SELECT id FROM task WHERE job_id = :job_id AND status = :status AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN task t ON t.id = page.id JOIN device d ON d.id = t.device_id LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY t.id DESC

-- name: task_of_device_name
-- A job's task for one device.
SELECT {task_row_columns}
FROM job j JOIN device d ON d.product_id = j.product_id AND d.device_name = :device_name
  JOIN task t ON t.job_id = j.id AND t.device_id = d.id LEFT JOIN task_description w ON w.task_id = t.id
WHERE j.id = :job_id

-- name: open_tasks_of_device
-- A device's open tasks with their jobs, oldest first.
SELECT {task_columns},
  {job_columns}
FROM task t JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.device_id = :device_id AND t.status < 4 ORDER BY t.id

-- name: task_with_job
-- One task with its job.
SELECT {task_columns},
  {job_columns}
FROM task t JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
WHERE t.id = :task_id

-- name: change_task
-- Compare and set of one task's moving state (I4).
UPDATE task SET status = :status, attempt = :attempt, progress = :progress, due_ms = :due_ms, modified_ms = :now_ms
WHERE id = :task_id AND status = :old_status AND attempt = :old_attempt

-- name: put_task_description
-- Why a task failed or was cancelled.
INSERT INTO task_description (task_id, words) VALUES (:task_id, :words)
ON CONFLICT (task_id) DO UPDATE SET words = excluded.words

-- name: add_task_for_device
-- The same rule as fill_job, for one named device of the job's product.
INSERT INTO task (job_id, device_id, status, src_version, created_ms, modified_ms)
SELECT :job_id, d.id,
  CASE WHEN EXISTS (SELECT 1 FROM task o WHERE o.device_id = d.id AND o.status < 4) THEN 5 ELSE :birth_status END,
  coalesce(m.version, ''), :now_ms, :now_ms
FROM device d LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = :module_name
WHERE d.id = :device_id
  AND (m.version IS NULL OR m.version <> :dest_version) AND (:required_version = '' OR m.version = :required_version)
RETURNING id, status

-- ---- tasks by the thousand -----------------------------------------------------------------------------------------

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
