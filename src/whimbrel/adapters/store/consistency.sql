-- What must be true of the store, each rule as the query for what breaks it: no row means the rule holds.
-- A rule has the invariant it proves (threat-model part 1), a name, and a sentence. Each is one statement, so one
-- snapshot, on a store that a server is writing to. :block_bits is how ids are cut into the blocks of list_count.
-- All engines run these; what only one of them can be asked is in `consistency_sqlite.sql` and `consistency_postgresql.sql`.

-- rule: store online_devices_have_a_session
-- Exactly the devices whose session a gateway holds, or that poll, are online; one that was disabled may have polled.
SELECT d.id AS device_id, d.state, o.node_id
FROM device d LEFT JOIN presence o ON o.device_id = d.id LEFT JOIN ddi_device x ON x.device_id = d.id
WHERE (d.state = 1 AND d.deleted_ms IS NULL AND o.device_id IS NULL AND coalesce(x.is_polling, 0) = 0)
  OR ((d.state <> 1 OR d.deleted_ms IS NOT NULL) AND o.device_id IS NOT NULL)

-- rule: I15 actions_are_their_devices
-- A DDI device knows attempts of its own tasks only, none that is still to come, each under a number given once.
SELECT a.device_id, a.number, a.task_id, a.attempt
FROM ddi_action a JOIN task t ON t.id = a.task_id LEFT JOIN ddi_device x ON x.device_id = a.device_id
WHERE t.device_id <> a.device_id OR a.attempt > t.attempt OR a.number >= coalesce(x.next_number, 1)

-- rule: I7 installed_actions_have_their_success
-- An action that a DDI device closed as installed is of a task that succeeded by it.
SELECT a.device_id, a.number, a.task_id
FROM ddi_action a JOIN task t ON t.id = a.task_id
WHERE a.state = 1 AND (t.status <> 4 OR t.attempt <> a.attempt)

-- rule: I17 words_are_bounded
-- Of an action at most 100 messages are kept, and of a device at most 100 attributes.
SELECT device_id, number, count(*) AS n FROM ddi_message GROUP BY device_id, number HAVING count(*) > 100
UNION ALL SELECT device_id, 0, count(*) FROM ddi_attribute GROUP BY device_id HAVING count(*) > 100

-- rule: I2 device_once_in_a_job
-- A job has at most one task for a device; a dynamic one, which a device may match again, at most ten.
SELECT t.job_id, t.device_id, count(*) AS tasks
FROM task t JOIN job j ON j.id = t.job_id
GROUP BY t.job_id, t.device_id, j.selection_type HAVING count(*) > CASE j.selection_type WHEN 'DYNAMIC' THEN 10 ELSE 1 END

-- rule: I2 tasks_inside_target_set
-- A job's tasks are for devices of its product; with ALL, for those that were there when it began, else for those that
-- were gathered for it.
SELECT t.id AS task_id, t.job_id, t.device_id
FROM task t JOIN job j ON j.id = t.job_id JOIN device d ON d.id = t.device_id
WHERE d.product_id <> j.product_id
  OR (j.target_selection = 'ALL' AND j.selection_type = 'STATIC' AND t.device_id > j.fill_until)
  OR (j.target_selection <> 'ALL'
    AND NOT EXISTS (SELECT 1 FROM job_target x WHERE x.job_id = t.job_id AND x.device_id = t.device_id))

-- rule: I2 shares_are_exact
-- A job with GRAY has as many devices as its share, as far as they are gathered.
SELECT j.id AS job_id, j.gray_devices, j.gray_left, count(x.device_id) AS gathered
FROM job j LEFT JOIN job_target x ON x.job_id = j.id
WHERE j.target_selection = 'GRAY'
GROUP BY j.id, j.gray_devices, j.gray_left HAVING count(x.device_id) <> j.gray_devices - j.gray_left

-- rule: I2 target_set_complete
-- As far as a job with ALL is filled, each device it takes has a task; devices that reported since are not judged.
SELECT j.id AS job_id, d.id AS device_id
FROM job j
  JOIN device d ON d.product_id = j.product_id AND d.id <= j.fill_until AND (j.is_filled = 1
    OR (j.order_factor IS NULL AND d.id <= j.fill_after)
    OR (d.gray_key * j.order_factor) % 2147483648 < j.fill_after)
  LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = j.module_name
WHERE j.target_selection = 'ALL' AND j.selection_type = 'STATIC' AND j.started_ms IS NOT NULL AND d.deleted_ms IS NULL
  AND (m.version IS NULL OR (m.version <> j.dest_version AND m.reported_ms < j.started_ms))
  AND (NOT EXISTS (SELECT 1 FROM job_source s WHERE s.job_id = j.id)
    OR (m.reported_ms < j.started_ms
      AND EXISTS (SELECT 1 FROM job_source s WHERE s.job_id = j.id AND s.version = m.version)))
  AND NOT EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.device_id = d.id)

-- rule: I2 ended_jobs_are_whole
-- A job has ended exactly when it says when; then it is filled and no task of it is open.
SELECT j.id AS job_id, j.status, j.is_filled, j.ended_ms
FROM job j
WHERE (j.status IN ('COMPLETED', 'CANCELED')) <> (j.ended_ms IS NOT NULL)
  OR (j.status IN ('COMPLETED', 'CANCELED')
    AND (j.is_filled = 0 OR EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.status < 4)))

-- rule: I3 one_open_task_per_device
-- A device has at most one open task over all jobs; beside jobs with MultiModuleMode, one for each module.
SELECT t.device_id, j.module_name, count(*) AS open_tasks
FROM task t JOIN job j ON j.id = t.job_id WHERE t.status < 4
GROUP BY t.device_id, j.module_name HAVING count(*) > 1
UNION ALL
SELECT t.device_id, 'without MultiModuleMode', count(*)
FROM task t WHERE t.status < 4 AND t.open_scope = '' GROUP BY t.device_id HAVING count(*) > 1

-- rule: I4 jobs_end_as_their_tasks
-- A job is CANCELED when tasks were cancelled and none succeeded or failed, else COMPLETED. One whose schedule ended is
-- COMPLETED; one that never began, and a dynamic one, can only be cancelled.
SELECT id AS job_id, status FROM (
  SELECT j.id, j.status, CASE
      WHEN j.started_ms IS NULL OR j.selection_type = 'DYNAMIC' THEN TRUE
      WHEN j.schedule_ended_ms IS NOT NULL THEN FALSE
      ELSE EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.status = 6)
        AND NOT EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.status IN (4, 5)) END AS was_cancelled
  FROM job j WHERE j.status IN ('COMPLETED', 'CANCELED')
) AS ended
WHERE (status = 'CANCELED') <> was_cancelled

-- rule: I4 time_moves_only_tasks_that_wait_for_it
-- Tasks in progress of a job with a timeout run against time, and queued ones may wait for their retry; no others. (A
-- dynamic job may have been given its timeout when they had begun.)
SELECT t.id AS task_id, t.job_id, t.status, t.due_ms
FROM task t JOIN job j ON j.id = t.job_id
WHERE (t.status = 3 AND t.due_ms IS NULL AND j.timeout_minutes IS NOT NULL AND j.selection_type = 'STATIC')
  OR (t.due_ms IS NOT NULL AND NOT (
    (t.status = 3 AND j.timeout_minutes IS NOT NULL) OR (t.status = 1 AND t.retries > 0 AND j.retry_minutes > 0)))

-- rule: I4 retries_are_counted
-- A task was retried as often as its job allows at most, each time as a new attempt.
SELECT t.id AS task_id, t.job_id, t.retries, t.attempt, j.retry_count
FROM task t JOIN job j ON j.id = t.job_id
WHERE t.retries > 0 AND (j.retry_count IS NULL OR t.retries > j.retry_count OR t.retries >= t.attempt)

-- rule: I5 no_job_is_faster_than_its_pace
-- Within the window of its pace a job told as many devices as it may at most; it may have been slowed down since.
SELECT j.id AS job_id, j.maximum_per_minute, sum(x.n) AS told
FROM job j JOIN job_notice x ON x.job_id = j.id AND x.at_ms > j.modified_ms
GROUP BY j.id, j.maximum_per_minute HAVING j.maximum_per_minute IS NULL OR sum(x.n) > j.maximum_per_minute

-- rule: I8 planned_jobs_do_nothing
-- A job that has not begun has no task, and none of its devices is ready to be told.
SELECT j.id AS job_id, j.status, j.started_ms
FROM job j
WHERE (j.status = 'PLANNED' AND (j.started_ms IS NOT NULL OR j.schedule_ms IS NULL))
  OR (j.started_ms IS NULL AND EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id))

-- rule: I8 jobs_that_await_approval_tell_nobody
-- Of a job that nobody approved no device was told; two people stand behind one that somebody did.
SELECT j.id AS job_id, j.hold, j.created_by, j.approved_by
FROM job j
WHERE (j.hold IN (3, 4) AND EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND (t.era > 0 OR t.status IN (2, 3))))
  OR (j.hold IN (3, 4) AND j.approved_by <> '') OR (j.approved_by <> '' AND j.approved_by = j.created_by)

-- rule: I8 ready_tasks_are_of_running_jobs
-- Only tasks of running jobs that push wait for their turn.
SELECT r.job_id, r.task_id, j.status
FROM job_ready r JOIN job j ON j.id = r.job_id JOIN task t ON t.id = r.task_id
WHERE t.job_id <> r.job_id OR j.status <> 'IN_PROGRESS' OR j.need_push = 0

-- rule: I2 running_dynamic_jobs_follow_something
-- Exactly the running dynamic jobs whose strategy was not ended follow a version or a group, of their product and module.
SELECT j.id AS job_id, j.status, j.strategy_ended_ms, s.version, s.group_row_id
FROM job j LEFT JOIN strategy s ON s.job_id = j.id
WHERE (s.job_id IS NOT NULL)
    <> (j.selection_type = 'DYNAMIC' AND j.status = 'IN_PROGRESS' AND j.strategy_ended_ms IS NULL)
  OR s.product_id <> j.product_id OR s.module_name <> j.module_name OR s.firmware_id <> j.firmware_id

-- rule: I4 counters_count_their_rows
-- Every counter of a list, per block and in all, equals the rows it counts.
WITH rows_of_task AS (
  SELECT job_id, status, id >> :block_bits AS block, count(*) AS n FROM task GROUP BY 1, 2, 3
), rows_of_firmware AS (
  SELECT account_id, product_id, dest_version, id >> :block_bits AS block, count(*) AS n FROM firmware GROUP BY 1, 2, 3, 4
), rows_of_product AS (
  SELECT account_id, commodity_code, resource_group_id, id >> :block_bits AS block, count(*) AS n
  FROM product WHERE deleted_ms IS NULL GROUP BY 1, 2, 3, 4
), rows_of_device AS (
  SELECT account_id, product_id, state, id >> :block_bits AS block, count(*) AS n
  FROM device WHERE deleted_ms IS NULL GROUP BY 1, 2, 3, 4
), rows_activated AS (
  SELECT account_id, product_id, id >> :block_bits AS block, count(*) AS n
  FROM device WHERE deleted_ms IS NULL AND activated_ms IS NOT NULL GROUP BY 1, 2, 3
), counted AS (
  SELECT 'tasks:' || job_id AS list, block, n FROM rows_of_task
  UNION ALL SELECT 'tasks:' || job_id || ':' || status, block, n FROM rows_of_task
  UNION ALL SELECT 'started:' || job_id, wave, count(*) FROM task WHERE wave > 0 GROUP BY 1, 2
  UNION ALL SELECT 'failing:' || job_id, wave, count(*) FROM task
    WHERE wave > 0 AND (status = 5 OR (status < 4 AND (retries > 0 OR is_silent = 1))) GROUP BY 1, 2
  UNION ALL SELECT 'waiting:' || job_id, wave, count(*) FROM task
    WHERE wave > 0 AND status < 4 AND retries = 0 AND is_silent = 0 GROUP BY 1, 2
  UNION ALL SELECT 'exposed:' || job_id, era, count(*) FROM task WHERE era > 0 AND status IN (2, 3) GROUP BY 1, 2
  UNION ALL SELECT 'silent:' || job_id, era, count(*) FROM task
    WHERE era > 0 AND status IN (2, 3) AND is_silent = 1 GROUP BY 1, 2
  UNION ALL SELECT 'proved:' || job_id, era, count(*) FROM task WHERE era > 0 AND status = 4 GROUP BY 1, 2
  UNION ALL SELECT 'reasons:' || job_id || ':' || reason, id >> :block_bits, count(*) FROM task
    WHERE status = 5 GROUP BY 1, 2
  UNION ALL SELECT 'reasons:' || job_id || ':1', id >> :block_bits, count(*) FROM task
    WHERE is_silent = 1 AND status IN (2, 3) GROUP BY 1, 2
  UNION ALL SELECT 'jobs:' || firmware_id, id >> :block_bits, count(*) FROM job GROUP BY 1, 2
  UNION ALL SELECT 'versions:' || d.product_id || ':' || m.module_name || ':' || m.version, d.id >> :block_bits, count(*)
    FROM module_version m JOIN device d ON d.id = m.device_id WHERE d.deleted_ms IS NULL GROUP BY 1, 2
  UNION ALL SELECT 'devices:' || product_id, block, n FROM rows_of_device
  UNION ALL SELECT 'devices:' || product_id || ':' || state, block, n FROM rows_of_device
  UNION ALL SELECT 'account_devices:' || account_id, block, n FROM rows_of_device
  UNION ALL SELECT 'account_devices:' || account_id || ':' || state, block, n FROM rows_of_device
  UNION ALL SELECT 'activated:' || product_id, block, n FROM rows_activated
  UNION ALL SELECT 'account_activated:' || account_id, block, n FROM rows_activated
  UNION ALL SELECT 'apply:' || apply_id, id >> :block_bits, count(*)
    FROM device WHERE apply_id IS NOT NULL AND deleted_ms IS NULL GROUP BY 1, 2
  UNION ALL SELECT 'products:' || account_id, block, n FROM rows_of_product
  UNION ALL SELECT 'products:' || account_id || ':' || commodity_code, block, n FROM rows_of_product
  UNION ALL SELECT 'group_products:' || account_id || ':' || resource_group_id, block, n
    FROM rows_of_product WHERE resource_group_id <> ''
  UNION ALL SELECT 'group_products:' || account_id || ':' || resource_group_id || ':' || commodity_code, block, n
    FROM rows_of_product WHERE resource_group_id <> ''
  UNION ALL SELECT 'firmware:' || account_id, block, n FROM rows_of_firmware
  UNION ALL SELECT 'firmware:' || account_id || ':product:' || product_id, block, n FROM rows_of_firmware
  UNION ALL SELECT 'firmware:' || account_id || ':version:' || dest_version, block, n FROM rows_of_firmware
  UNION ALL SELECT 'firmware:' || account_id || ':product:' || product_id || ':version:' || dest_version, block, n
    FROM rows_of_firmware
  UNION ALL SELECT 'members:' || group_id, device_id >> :block_bits, count(*) FROM device_group_member GROUP BY 1, 2
  UNION ALL SELECT 'tagged:' || account_id || ':' || tag_key || ':' || tag_value, device_id >> :block_bits, count(*)
    FROM device_tag GROUP BY 1, 2
  UNION ALL SELECT 'accounts', id >> :block_bits, count(*) FROM account GROUP BY 2
  UNION ALL SELECT 'audit:' || account_id, id >> :block_bits, count(*) FROM audit_entry GROUP BY 1, 2
  UNION ALL SELECT 'audit:' || account_id || ':key:' || access_key_id, id >> :block_bits, count(*)
    FROM audit_entry GROUP BY 1, 2
  UNION ALL SELECT 'audit:' || account_id || ':action:' || action, id >> :block_bits, count(*)
    FROM audit_entry GROUP BY 1, 2
), compared AS (
  SELECT list, block, n AS counted, 0 AS kept FROM counted
  UNION ALL SELECT list, -1, n, 0 FROM counted
  UNION ALL SELECT list, block, 0, n FROM list_count
)
SELECT list, block, CAST(sum(counted) AS BIGINT) AS has_rows, CAST(sum(kept) AS BIGINT) AS counter_says
FROM compared GROUP BY list, block HAVING sum(counted) <> sum(kept)

-- rule: I4 failures_have_their_reason
-- Exactly the failed tasks have a reason: that of a code, or one with words that their job knows.
SELECT t.id AS task_id, t.job_id, t.status, t.reason
FROM task t
WHERE (t.status = 5) <> (t.reason <> 0)
  OR (t.reason <> 0 AND t.reason NOT BETWEEN 2 AND 8
    AND NOT EXISTS (SELECT 1 FROM job_reason r WHERE r.job_id = t.job_id AND r.number = t.reason))

-- rule: I17 samples_are_thinned
-- How a job stood is kept at 500 times at most.
SELECT job_id, count(*) AS samples FROM job_sample GROUP BY job_id HAVING count(*) > 500

-- rule: I17 stories_are_of_devices
-- What happened is kept of devices that are there: at most 50 events and 10 stays of each, which the tables hold.
SELECT s.device_id FROM device_story s JOIN device d ON d.id = s.device_id WHERE d.deleted_ms IS NOT NULL
UNION ALL SELECT y.device_id FROM device_stay y JOIN device d ON d.id = y.device_id WHERE d.deleted_ms IS NOT NULL

-- rule: I7 success_was_reported
-- A task succeeded only when its device reported the target version for the job's module.
SELECT t.id AS task_id, t.device_id, j.dest_version, m.version AS reported_version
FROM task t JOIN job j ON j.id = t.job_id
  LEFT JOIN module_version m ON m.device_id = t.device_id AND m.module_name = j.module_name
WHERE t.status = 4 AND (m.version IS NULL OR (m.version <> j.dest_version AND m.reported_ms < t.modified_ms))

-- rule: I7 success_is_complete
-- A task that succeeded is at 100 percent.
SELECT id AS task_id, progress FROM task WHERE status = 4 AND progress <> 100

-- rule: I16 audit_chains_are_whole
-- An account's audit entries are numbered 1, 2, 3 ... up to the newest one that the account knows of.
SELECT e.account_id, e.entries, e.newest, h.number AS head
FROM (SELECT account_id, count(*) AS entries, min(number) AS oldest, max(number) AS newest FROM audit_entry GROUP BY 1) e
  LEFT JOIN audit_head h ON h.account_id = e.account_id
WHERE e.oldest <> 1 OR e.entries <> e.newest OR h.number IS NULL OR h.number <> e.newest

-- rule: I10 only_verified_firmware_is_rolled_out
-- The firmware of an upgrade job is verified, or was made as needing no verification.
SELECT j.id AS job_id, j.firmware_id, f.status AS firmware_status
FROM job j JOIN firmware f ON f.id = j.firmware_id
WHERE j.job_type = 'UPGRADE_FIRMWARE' AND f.status NOT IN (-1, 1)

-- rule: I10 verification_reaches_few_devices
-- A verify job has at most 10 tasks.
SELECT j.id AS job_id, count(*) AS tasks
FROM job j JOIN task t ON t.job_id = j.id WHERE j.job_type = 'VERIFY_FIRMWARE' GROUP BY j.id HAVING count(*) > 10

-- rule: I10 jobs_pin_their_firmware
-- While its firmware is there, a job sends that firmware's bytes, version and module.
SELECT j.id AS job_id, j.firmware_id, j.sha256 AS job_sha256, f.sha256 AS firmware_sha256
FROM job j JOIN firmware f ON f.id = j.firmware_id
WHERE j.sha256 <> f.sha256 OR j.md5 <> f.md5 OR j.size_bytes <> f.size_bytes OR j.dest_version <> f.dest_version
  OR j.module_name <> f.module_name OR j.product_id <> f.product_id OR (j.files = '[]') <> (f.file_count < 2)

-- rule: I10 files_are_listed_whole
-- Firmware of several files lists as many as it says, numbered from 1, and is as large as they are together.
SELECT f.id AS firmware_id, f.file_count, count(x.number) AS listed
FROM firmware f LEFT JOIN firmware_file x ON x.firmware_id = f.id
GROUP BY f.id, f.file_count, f.size_bytes
HAVING count(x.number) <> f.file_count
  OR (f.file_count > 0
    AND (min(x.number) <> 1 OR max(x.number) <> f.file_count OR sum(x.size_bytes) <> f.size_bytes))

-- rule: I10 jobs_pin_every_file
-- While its firmware is there, a job of several files has pinned the bytes of each.
SELECT j.id AS job_id, j.firmware_id, x.number
FROM job j JOIN firmware_file x ON x.firmware_id = j.firmware_id
WHERE j.files <> '[]' AND j.files NOT LIKE '%"' || x.sha256 || '"%'

-- rule: I10 running_jobs_keep_their_files
-- While a job of several files is planned or running, its firmware is there with the list of them.
SELECT j.id AS job_id, j.firmware_id
FROM job j LEFT JOIN firmware f ON f.id = j.firmware_id
WHERE j.files <> '[]' AND j.status IN ('PLANNED', 'IN_PROGRESS') AND (f.id IS NULL OR f.file_count < 2)

-- rule: I15 devices_stay_in_their_account
-- A device belongs to its product's account.
SELECT d.id AS device_id, d.account_id, p.account_id AS account_of_product
FROM device d JOIN product p ON p.id = d.product_id WHERE d.account_id <> p.account_id

-- rule: I15 ddi_settings_stay_in_their_account
-- How a product's DDI devices are set up belongs to its account: by it DEFAULT is found.
SELECT x.product_id, x.account_id, p.account_id AS account_of_product
FROM ddi_product x JOIN product p ON p.id = x.product_id WHERE x.account_id <> p.account_id

-- rule: I15 firmware_stays_in_its_account
-- Firmware belongs to its product's account, and so does the upload it was made of.
SELECT f.id AS firmware_id, f.account_id, p.account_id AS account_of_product, u.account_id AS account_of_upload
FROM firmware f JOIN product p ON p.id = f.product_id LEFT JOIN upload u ON u.object_key = f.object_key
WHERE f.account_id <> p.account_id OR f.account_id <> u.account_id

-- rule: I15 files_stay_in_their_account
-- The upload that a file of firmware was made of belongs to the firmware's account.
SELECT f.id AS firmware_id, x.number, f.account_id, u.account_id AS account_of_upload
FROM firmware_file x JOIN firmware f ON f.id = x.firmware_id JOIN upload u ON u.object_key = x.object_key
WHERE f.account_id <> u.account_id

-- rule: I15 jobs_stay_in_their_account
-- A job belongs to the account of its product, its firmware and its devices.
SELECT j.id AS job_id, j.account_id, p.account_id AS account_of_product, f.account_id AS account_of_firmware
FROM job j JOIN product p ON p.id = j.product_id LEFT JOIN firmware f ON f.id = j.firmware_id
WHERE j.account_id <> p.account_id OR j.account_id <> f.account_id
  OR EXISTS (
    SELECT 1 FROM task t JOIN device d ON d.id = t.device_id WHERE t.job_id = j.id AND d.account_id <> j.account_id)

-- rule: I15 console_rows_are_of_their_users
-- An invitation or a session is of a user of the same account; only the one for a first admin is of nobody.
SELECT 'invitation' AS what, i.account_id, i.user_id, u.account_id AS account_of_user
FROM console_invitation i LEFT JOIN console_user u ON u.id = i.user_id
WHERE (i.user_id IS NULL) <> (i.purpose = 'FIRST') OR (i.user_id IS NOT NULL AND (u.id IS NULL OR u.account_id <> i.account_id))
UNION ALL SELECT 'session', s.account_id, s.user_id, u.account_id
FROM console_session s LEFT JOIN console_user u ON u.id = s.user_id
WHERE u.id IS NULL OR u.account_id <> s.account_id

-- rule: I17 console_rows_are_bounded
-- An account has at most 1,000 users of the console, and a user at most 20 sessions.
SELECT account_id, 0 AS user_id, count(*) AS n FROM console_user GROUP BY account_id HAVING count(*) > 1000
UNION ALL SELECT account_id, user_id, count(*) FROM console_session GROUP BY account_id, user_id HAVING count(*) > 20

-- list: referenced_objects
-- Every stored object that firmware or an unfinished job needs, as their rows describe it.
SELECT sha256, md5, size_bytes, min(owner) AS owner FROM (
  SELECT sha256, md5, size_bytes, 'firmware ' || id AS owner FROM firmware WHERE file_count < 2
  UNION ALL SELECT sha256, md5, size_bytes, 'firmware ' || firmware_id || ' file ' || number FROM firmware_file
  UNION ALL SELECT sha256, md5, size_bytes, 'job ' || id FROM job
    WHERE status IN ('PLANNED', 'IN_PROGRESS') AND files = '[]'
) AS needed
GROUP BY sha256, md5, size_bytes
