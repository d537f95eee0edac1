-- Jobs by any filters together (domain/job_search.py): one list is walked, newest job first, in pieces of bounded size.

-- columns: job_state_bit
-- ENDED, HALTED, PAUSED, AWAITING_APPROVAL, REJECTED, PLANNED, and 16 for those that only their windows and stages tell
-- apart.
CASE WHEN j.status NOT IN ('PLANNED', 'IN_PROGRESS') THEN 1 WHEN j.hold = 2 THEN 2 WHEN j.hold = 1 THEN 4
  WHEN j.hold = 3 THEN 32 WHEN j.hold = 4 THEN 64
  WHEN j.status = 'PLANNED' THEN 8 ELSE 16 END

-- columns: job_status_bit
-- As callers read it: a dynamic job whose strategy ended is cancelled (api-contract 10.6).
CASE WHEN j.strategy_ended_ms IS NOT NULL THEN 8 WHEN j.status = 'PLANNED' THEN 1 WHEN j.status = 'IN_PROGRESS' THEN 2
  WHEN j.status = 'COMPLETED' THEN 4 ELSE 8 END

-- columns: is_searched_job
j.account_id = :account_id
  AND (CAST(:product_id AS BIGINT) IS NULL OR j.product_id = CAST(:product_id AS BIGINT))
  AND (CAST(:group_id AS TEXT) IS NULL OR j.group_id = CAST(:group_id AS TEXT))
  AND (CASE j.job_type WHEN 'VERIFY_FIRMWARE' THEN 1 ELSE 2 END & CAST(:types AS BIGINT)) <> 0
  AND ({job_status_bit} & CAST(:statuses AS BIGINT)) <> 0 AND ({job_state_bit} & CAST(:states AS BIGINT)) <> 0

-- columns: jobs_on_the_way
CROSS JOIN job j CROSS JOIN product p WHERE j.id = piece.id AND p.id = j.product_id AND {is_searched_job}

-- columns: walk_jobs_of_firmware
SELECT id FROM job WHERE firmware_id = :firmware_id AND id < :below ORDER BY id DESC LIMIT :piece

-- columns: walk_jobs_of_unfinished_of_product
SELECT id FROM job WHERE product_id = :product_id AND status IN ('PLANNED', 'IN_PROGRESS') AND id < :below ORDER BY id DESC LIMIT :piece

-- columns: walk_jobs_of_unfinished
SELECT id FROM job WHERE account_id = :account_id AND status IN ('PLANNED', 'IN_PROGRESS') AND id < :below ORDER BY id DESC LIMIT :piece

-- columns: walk_jobs_of_product
SELECT id FROM job WHERE product_id = :product_id AND id < :below ORDER BY id DESC LIMIT :piece

-- columns: walk_jobs_of_account
SELECT id FROM job WHERE account_id = :account_id AND id < :below ORDER BY id DESC LIMIT :piece

-- name: jobs_found_by_firmware
-- What is found among the next :piece of a firmware's jobs.
SELECT {job_columns} FROM ({walk_jobs_of_firmware}) AS piece {jobs_on_the_way} ORDER BY j.id DESC LIMIT :size

-- name: jobs_passed_by_firmware
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_jobs_of_firmware}) AS piece

-- name: jobs_counted_by_firmware
-- How many of them are found.
SELECT count(*) FROM ({walk_jobs_of_firmware}) AS piece {jobs_on_the_way}

-- name: jobs_found_by_unfinished_of_product
-- What is found among the next :piece of a product's jobs that have not ended.
SELECT {job_columns} FROM ({walk_jobs_of_unfinished_of_product}) AS piece {jobs_on_the_way} ORDER BY j.id DESC LIMIT :size

-- name: jobs_passed_by_unfinished_of_product
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_jobs_of_unfinished_of_product}) AS piece

-- name: jobs_counted_by_unfinished_of_product
-- How many of them are found.
SELECT count(*) FROM ({walk_jobs_of_unfinished_of_product}) AS piece {jobs_on_the_way}

-- name: jobs_found_by_unfinished
-- What is found among the next :piece of an account's jobs that have not ended.
SELECT {job_columns} FROM ({walk_jobs_of_unfinished}) AS piece {jobs_on_the_way} ORDER BY j.id DESC LIMIT :size

-- name: jobs_passed_by_unfinished
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_jobs_of_unfinished}) AS piece

-- name: jobs_counted_by_unfinished
-- How many of them are found.
SELECT count(*) FROM ({walk_jobs_of_unfinished}) AS piece {jobs_on_the_way}

-- name: jobs_found_by_product
-- What is found among the next :piece of a product's jobs.
SELECT {job_columns} FROM ({walk_jobs_of_product}) AS piece {jobs_on_the_way} ORDER BY j.id DESC LIMIT :size

-- name: jobs_passed_by_product
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_jobs_of_product}) AS piece

-- name: jobs_counted_by_product
-- How many of them are found.
SELECT count(*) FROM ({walk_jobs_of_product}) AS piece {jobs_on_the_way}

-- name: jobs_found_by_account
-- What is found among the next :piece of an account's jobs.
SELECT {job_columns} FROM ({walk_jobs_of_account}) AS piece {jobs_on_the_way} ORDER BY j.id DESC LIMIT :size

-- name: jobs_passed_by_account
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_jobs_of_account}) AS piece

-- name: jobs_counted_by_account
-- How many of them are found.
SELECT count(*) FROM ({walk_jobs_of_account}) AS piece {jobs_on_the_way}

-- name: counts_of_jobs
-- How many tasks many jobs have in each status that they ever had.
SELECT given.id, s.column1, c.n
FROM ({given_ids}) AS given CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6)) AS s CROSS JOIN list_count c
WHERE c.list = 'tasks:' || given.id || ':' || s.column1 AND c.block = -1

-- name: trials_of_jobs
-- Of the waves that the gates of many jobs look at, how many devices started (0) and are failing (1).
SELECT j.id, s.column2, CAST(sum(c.n) AS BIGINT)
FROM ({given_ids}) AS given CROSS JOIN (VALUES ('started:', 0), ('failing:', 1)) AS s CROSS JOIN job j
  CROSS JOIN list_count c
WHERE j.id = given.id AND c.list = s.column1 || j.id AND c.block >= j.gate_wave
GROUP BY j.id, s.column2
