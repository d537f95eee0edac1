-- How the devices of a product do, by samples (domain/fleet_health.py). Each statement reads a bounded number of rows.

-- columns: heard_ms
CASE WHEN d.state = 1 OR d.last_online_ms > d.state_ms THEN coalesce(d.last_online_ms, d.state_ms) ELSE d.state_ms END

-- columns: is_quiet
d.state = 3 AND {heard_ms} < :quiet_ms

-- name: health_of_versions
-- The first :devices_max devices of a product by their gray keys, which are spread evenly over it: by version how many
-- there are, are online, were alive since :from_ms, and of these were not heard since :quiet_ms.
SELECT coalesce(m.version, '') AS version, count(*) AS n, CAST(sum(CASE WHEN d.state = 1 THEN 1 ELSE 0 END) AS BIGINT),
  CAST(sum(CASE WHEN d.state = 1 OR {heard_ms} >= :from_ms THEN 1 ELSE 0 END) AS BIGINT),
  CAST(sum(CASE WHEN {is_quiet} AND {heard_ms} >= :from_ms THEN 1 ELSE 0 END) AS BIGINT)
FROM (SELECT id, state, state_ms, last_online_ms FROM device WHERE product_id = :product_id AND deleted_ms IS NULL
  ORDER BY gray_key, id LIMIT :devices_max) AS d
LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = :module_name
WHERE d.state IN (1, 3)
GROUP BY 1 ORDER BY 2 DESC, 1

-- name: newest_upgrades
-- The newest jobs that upgrade a module of a product's devices.
SELECT j.id, j.dest_version FROM firmware f JOIN job j ON j.firmware_id = f.id
WHERE f.product_id = :product_id AND j.module_name = :module_name AND j.job_type = 'UPGRADE_FIRMWARE'
ORDER BY j.id DESC LIMIT :jobs_max

-- name: health_of_upgraded
-- Of a job's first :devices_max successes, in the order of its tasks: those between :from_ms and :quiet_ms, and how many
-- of these devices were not heard since :quiet_ms.
SELECT count(*), CAST(coalesce(sum(CASE WHEN {is_quiet} THEN 1 ELSE 0 END), 0) AS BIGINT)
FROM (SELECT device_id, modified_ms FROM task WHERE job_id = :job_id AND status = 4 ORDER BY id LIMIT :devices_max) AS t
JOIN device d ON d.id = t.device_id
WHERE t.modified_ms >= :from_ms AND t.modified_ms < :quiet_ms AND d.deleted_ms IS NULL AND d.state IN (1, 3)
