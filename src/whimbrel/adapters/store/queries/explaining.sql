-- What is read to explain one device (domain/explain.py).

-- name: contact_of_device
-- Whether the device has a session, and by when it polls next.
SELECT CASE WHEN o.device_id IS NULL THEN 0 ELSE 1 END, CASE x.is_polling WHEN 1 THEN x.due_ms END
FROM device d LEFT JOIN presence o ON o.device_id = d.id LEFT JOIN ddi_device x ON x.device_id = d.id
WHERE d.id = :device_id

-- columns: is_asked_about
product_id = :product_id AND (CAST(:job_id AS BIGINT) = 0 OR id = :job_id)
    AND (CAST(:firmware_id AS BIGINT) = 0 OR firmware_id = :firmware_id)
    AND (CAST(:module_name AS TEXT) = '' OR module_name = :module_name)

-- name: jobs_about_device
-- The jobs with an open task for the device, the newest unfinished and the newest at all of its product: each with the
-- device's place in its set, the version reported, whether the device is in its group, and its newest task.
SELECT {job_columns},
  CASE WHEN x.device_id IS NULL THEN 0 ELSE 1 END, x.place, m.version,
  CASE WHEN j.selection_type <> 'DYNAMIC' OR j.group_row_id IS NULL OR EXISTS (
    SELECT 1 FROM device_group g WHERE g.id = j.group_row_id AND g.deleted_ms IS NULL AND {follows_rule_of_group})
    THEN 1 ELSE 0 END,
  {task_columns}
FROM (
    SELECT id FROM job WHERE {is_asked_about}
      AND id IN (SELECT t.job_id FROM task t WHERE t.device_id = :device_id AND t.status < 4)
    UNION SELECT id FROM (
      SELECT id FROM job WHERE {is_asked_about} AND status IN ('PLANNED', 'IN_PROGRESS')
      ORDER BY id DESC LIMIT :jobs_max) AS unfinished
    UNION SELECT id FROM (
      SELECT id FROM job WHERE {is_asked_about} ORDER BY id DESC LIMIT :jobs_max) AS newest
  ) AS c
  JOIN job j ON j.id = c.id JOIN product p ON p.id = j.product_id JOIN device d ON d.id = :device_id
  LEFT JOIN job_target x ON x.job_id = j.id AND x.device_id = d.id
  LEFT JOIN module_version m ON m.device_id = d.id AND m.module_name = j.module_name
  LEFT JOIN task t ON t.id = (
    SELECT y.id FROM task y WHERE y.job_id = j.id AND y.device_id = d.id ORDER BY y.match_number DESC LIMIT 1)
  LEFT JOIN task_description w ON w.task_id = t.id
ORDER BY j.id DESC
