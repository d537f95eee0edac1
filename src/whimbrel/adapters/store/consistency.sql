-- What must be true of the store, each rule as the query for what breaks it: no row means the rule holds.
-- A rule has the invariant it proves (threat-model part 1), a name, and a sentence. Each is one statement, so one
-- snapshot, on a store that a server is writing to. :block_bits is how ids are cut into the blocks of list_count.

-- rule: store file_is_sound
-- The database file is what SQLite wrote.
SELECT integrity_check AS fault FROM pragma_integrity_check WHERE integrity_check <> 'ok'

-- rule: store references_lead_somewhere
-- Every reference from row to row leads to a row.
SELECT "table" AS from_table, rowid AS from_row, parent AS to_table FROM pragma_foreign_key_check

-- rule: I2 device_once_in_a_job
-- A job has at most one task for a device.
SELECT job_id, device_id, count(*) AS tasks FROM task GROUP BY job_id, device_id HAVING count(*) > 1

-- rule: I2 tasks_inside_target_set
-- A job's tasks are for devices of its product; with ALL, for those that were there when it was made.
SELECT t.id AS task_id, t.job_id, t.device_id
FROM task t JOIN job j ON j.id = t.job_id JOIN device d ON d.id = t.device_id
WHERE d.product_id <> j.product_id OR (j.target_selection = 'ALL' AND t.device_id > j.fill_until)

-- rule: I2 target_set_complete
-- As far as a job with ALL is filled, each device it takes has a task; devices that reported since are not judged.
SELECT j.id AS job_id, d.id AS device_id
FROM job j
  JOIN device d ON d.product_id = j.product_id AND d.id <= CASE j.is_filled WHEN 1 THEN j.fill_until ELSE j.fill_after END
  LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = j.module_name
WHERE j.target_selection = 'ALL'
  AND (m.version IS NULL OR (m.version <> j.dest_version AND m.reported_ms < j.created_ms))
  AND (j.required_version = '' OR (m.version = j.required_version AND m.reported_ms < j.created_ms))
  AND NOT EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.device_id = d.id)

-- rule: I2 ended_jobs_are_whole
-- A job has ended exactly when it says when; then it is filled and no task of it is open.
SELECT j.id AS job_id, j.status, j.is_filled, j.ended_ms
FROM job j
WHERE (j.status IN ('COMPLETED', 'CANCELED')) <> (j.ended_ms IS NOT NULL)
  OR (j.status IN ('COMPLETED', 'CANCELED')
    AND (j.is_filled = 0 OR EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.status < 4)))

-- rule: I3 one_open_task_per_device
-- A device has at most one open task over all jobs.
SELECT device_id, count(*) AS open_tasks FROM task WHERE status < 4 GROUP BY device_id HAVING count(*) > 1

-- rule: I4 jobs_end_as_their_tasks
-- A job is CANCELED when tasks were cancelled and none succeeded or failed, else COMPLETED.
SELECT id AS job_id, status FROM (
  SELECT j.id, j.status,
    EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.status = 6)
      AND NOT EXISTS (SELECT 1 FROM task t WHERE t.job_id = j.id AND t.status IN (4, 5)) AS was_cancelled
  FROM job j WHERE j.status IN ('COMPLETED', 'CANCELED')
) AS ended
WHERE (status = 'CANCELED') <> was_cancelled

-- rule: I4 only_running_tasks_have_a_deadline
-- Exactly the tasks in progress of a job with a timeout run against time.
SELECT t.id AS task_id, t.job_id, t.status, t.due_ms
FROM task t JOIN job j ON j.id = t.job_id
WHERE (t.due_ms IS NOT NULL) <> (t.status = 3 AND j.timeout_minutes IS NOT NULL)

-- rule: I4 counters_count_their_rows
-- Every counter of a list, per block and in all, equals the rows it counts.
WITH rows_of_task AS (
  SELECT job_id, status, id >> :block_bits AS block, count(*) AS n FROM task GROUP BY 1, 2, 3
), rows_of_firmware AS (
  SELECT account_id, product_id, dest_version, id >> :block_bits AS block, count(*) AS n FROM firmware GROUP BY 1, 2, 3, 4
), rows_of_product AS (
  SELECT account_id, commodity_code, id >> :block_bits AS block, count(*) AS n FROM product GROUP BY 1, 2, 3
), counted AS (
  SELECT 'tasks:' || job_id AS list, block, n FROM rows_of_task
  UNION ALL SELECT 'tasks:' || job_id || ':' || status, block, n FROM rows_of_task
  UNION ALL SELECT 'devices:' || product_id, id >> :block_bits, count(*) FROM device GROUP BY 1, 2
  UNION ALL SELECT 'products:' || account_id, block, n FROM rows_of_product
  UNION ALL SELECT 'products:' || account_id || ':' || commodity_code, block, n FROM rows_of_product
  UNION ALL SELECT 'firmware:' || account_id, block, n FROM rows_of_firmware
  UNION ALL SELECT 'firmware:' || account_id || ':product:' || product_id, block, n FROM rows_of_firmware
  UNION ALL SELECT 'firmware:' || account_id || ':version:' || dest_version, block, n FROM rows_of_firmware
  UNION ALL SELECT 'firmware:' || account_id || ':product:' || product_id || ':version:' || dest_version, block, n
    FROM rows_of_firmware
), both AS (
  SELECT list, block, n AS counted, 0 AS kept FROM counted
  UNION ALL SELECT list, -1, n, 0 FROM counted
  UNION ALL SELECT list, block, 0, n FROM list_count
)
SELECT list, block, sum(counted) AS has_rows, sum(kept) AS counter_says
FROM both GROUP BY list, block HAVING sum(counted) <> sum(kept)

-- rule: I7 success_was_reported
-- A task succeeded only when its device reported the target version for the job's module.
SELECT t.id AS task_id, t.device_id, j.dest_version, m.version AS reported_version
FROM task t JOIN job j ON j.id = t.job_id
  LEFT JOIN module_version m ON m.device_id = t.device_id AND m.module_name = j.module_name
WHERE t.status = 4 AND (m.version IS NULL OR (m.version <> j.dest_version AND m.reported_ms < t.modified_ms))

-- rule: I7 success_is_complete
-- A task that succeeded is at 100 percent.
SELECT id AS task_id, progress FROM task WHERE status = 4 AND progress <> 100

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
  OR j.module_name <> f.module_name OR j.product_id <> f.product_id

-- rule: I15 devices_stay_in_their_account
-- A device belongs to its product's account.
SELECT d.id AS device_id, d.account_id, p.account_id AS account_of_product
FROM device d JOIN product p ON p.id = d.product_id WHERE d.account_id <> p.account_id

-- rule: I15 firmware_stays_in_its_account
-- Firmware belongs to its product's account, and so does the upload it was made of.
SELECT f.id AS firmware_id, f.account_id, p.account_id AS account_of_product, u.account_id AS account_of_upload
FROM firmware f JOIN product p ON p.id = f.product_id LEFT JOIN upload u ON u.object_key = f.object_key
WHERE f.account_id <> p.account_id OR f.account_id <> u.account_id

-- rule: I15 jobs_stay_in_their_account
-- A job belongs to the account of its product, its firmware and its devices.
SELECT j.id AS job_id, j.account_id, p.account_id AS account_of_product, f.account_id AS account_of_firmware
FROM job j JOIN product p ON p.id = j.product_id LEFT JOIN firmware f ON f.id = j.firmware_id
WHERE j.account_id <> p.account_id OR j.account_id <> f.account_id
  OR EXISTS (
    SELECT 1 FROM task t JOIN device d ON d.id = t.device_id WHERE t.job_id = j.id AND d.account_id <> j.account_id)

-- list: referenced_objects
-- Every stored object that firmware or an unfinished job needs, as their rows describe it.
SELECT sha256, md5, size_bytes, min(owner) AS owner FROM (
  SELECT sha256, md5, size_bytes, 'firmware ' || id AS owner FROM firmware
  UNION ALL SELECT sha256, md5, size_bytes, 'job ' || id FROM job WHERE status IN ('PLANNED', 'IN_PROGRESS')
) AS needed
GROUP BY sha256, md5, size_bytes
