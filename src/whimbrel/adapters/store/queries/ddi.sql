-- DDI devices: what a poll reads, actions, and what devices say.

-- columns: polled
polled (id) AS MATERIALIZED ({given_ids})

-- columns: ddi_action_columns
a.device_id, a.number, a.task_id, a.attempt, a.state, a.messages, t.status, t.attempt, j.cancelling, j.hold

-- name: ddi_devices
-- What is known of each polling device, and its newest action that succeeded.
WITH {polled}
SELECT d.id, d.state, CASE x.is_polling WHEN 1 THEN x.due_ms END, coalesce(x.wants_attributes, 1),
  coalesce(x.auto_confirm, ''),
  coalesce((SELECT max(a.number) FROM ddi_action a WHERE a.device_id = d.id AND a.state = 1), 0)
FROM polled q JOIN device d ON d.id = q.id LEFT JOIN ddi_device x ON x.device_id = d.id
WHERE d.deleted_ms IS NULL

-- name: ddi_open_actions
-- Actions that the polling devices have not closed, oldest first.
WITH {polled}
SELECT {ddi_action_columns}
FROM polled q JOIN ddi_action a ON a.device_id = q.id AND a.state = 0
  JOIN task t ON t.id = a.task_id JOIN job j ON j.id = t.job_id
ORDER BY a.device_id, a.number

-- name: ddi_open_tasks
-- Open tasks of the polling devices with their jobs, and what the device reported for the module; oldest first.
WITH {polled}
SELECT {task_columns},
  {job_columns},
  m.version
FROM polled q JOIN task t ON t.device_id = q.id AND t.status < 4
  JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
  LEFT JOIN module_version m ON m.device_id = t.device_id AND m.module_name = j.module_name
ORDER BY t.id

-- name: ddi_begin_polling
-- A device polls for the first time, or again after it was silent.
INSERT INTO ddi_device (device_id, is_polling, due_ms) VALUES (:device_id, 1, :due_ms)
ON CONFLICT (device_id) DO UPDATE SET is_polling = 1, due_ms = excluded.due_ms

-- name: ddi_touch
-- A device polled again.
UPDATE ddi_device SET due_ms = :due_ms WHERE device_id = :device_id AND is_polling = 1 AND due_ms < :due_ms

-- name: postpone_ddi_due
-- The wall clock jumped, and no device was silent for it.
UPDATE ddi_device SET due_ms = due_ms + :by_ms WHERE due_ms IS NOT NULL

-- name: ddi_overdue
-- Devices that were silent for too long, the longest first.
SELECT device_id FROM ddi_device WHERE due_ms IS NOT NULL AND due_ms <= :now_ms ORDER BY due_ms, device_id LIMIT :limit

-- name: ddi_end_polling
-- It is silent, unless it polled meanwhile.
UPDATE ddi_device SET is_polling = 0, due_ms = NULL WHERE device_id = :device_id AND due_ms <= :now_ms

-- name: ddi_has_session
-- Whether the device is connected by another protocol too.
SELECT 1 FROM presence WHERE device_id = :device_id

-- name: ddi_attributes_came
-- configData came and is asked for no more.
INSERT INTO ddi_device (device_id, wants_attributes, attributes_ms) VALUES (:device_id, 0, :now_ms)
ON CONFLICT (device_id) DO UPDATE SET wants_attributes = 0, attributes_ms = excluded.attributes_ms

-- name: ddi_module_of_firmware
-- The module that a product's firmware of this name and version is for.
SELECT f.module_name FROM device d JOIN firmware f ON f.product_id = d.product_id
WHERE d.id = :device_id AND f.name = :name AND f.dest_version = :version LIMIT 1

-- name: ddi_auto_confirm
-- Who confirms the device's tasks beforehand.
INSERT INTO ddi_device (device_id, auto_confirm) VALUES (:device_id, :initiator)
ON CONFLICT (device_id) DO UPDATE SET auto_confirm = excluded.auto_confirm

-- name: ddi_action_by_number
-- One action of a device.
SELECT {ddi_action_columns}
FROM ddi_action a JOIN task t ON t.id = a.task_id JOIN job j ON j.id = t.job_id
WHERE a.device_id = :device_id AND a.number = :number

-- name: ddi_deployment
-- One action of a device with all that it brings.
SELECT {ddi_action_columns},
  {task_columns},
  {job_columns},
  coalesce(f.object_key, '')
FROM ddi_action a JOIN task t ON t.id = a.task_id JOIN job j ON j.id = t.job_id JOIN product p ON p.id = j.product_id
  LEFT JOIN task_description w ON w.task_id = t.id
  LEFT JOIN firmware f ON f.id = j.firmware_id AND f.sha256 = j.sha256
WHERE a.device_id = :device_id AND a.number = :number

-- name: ddi_number_of_attempt
-- The number that a device knows an attempt by.
SELECT number FROM ddi_action WHERE task_id = :task_id AND attempt = :attempt

-- name: ddi_next_number
-- The number of the device's next action.
SELECT next_number FROM ddi_device WHERE device_id = :device_id

-- name: ddi_move_number
-- The next one is given to nobody yet.
INSERT INTO ddi_device (device_id, next_number) VALUES (:device_id, :next_number)
ON CONFLICT (device_id) DO UPDATE SET next_number = excluded.next_number

-- name: ddi_make_action
-- The device is told of this attempt under this number.
INSERT INTO ddi_action (device_id, number, task_id, attempt, state, created_ms, modified_ms)
VALUES (:device_id, :number, :task_id, :attempt, 0, :now_ms, :now_ms)

-- name: ddi_close_action
-- Compare and set of what the device made of it.
UPDATE ddi_action SET state = :state, modified_ms = :now_ms
WHERE device_id = :device_id AND number = :number AND state = :old_state

-- name: ddi_close_installed
-- Actions whose task succeeded by another report.
UPDATE ddi_action SET state = 1, modified_ms = :now_ms
WHERE device_id = :device_id AND state = 0 AND EXISTS (
  SELECT 1 FROM task t WHERE t.id = ddi_action.task_id AND t.status = 4 AND t.attempt = ddi_action.attempt)

-- name: ddi_count_message
-- One more feedback on the action; its number is the new count.
UPDATE ddi_action SET messages = messages + 1, modified_ms = :now_ms
WHERE device_id = :device_id AND number = :number
RETURNING messages

-- name: ddi_put_message
-- A device's words, in place of the oldest when the ring is full.
INSERT INTO ddi_message (device_id, number, slot, at_ms, execution, words)
VALUES (:device_id, :number, :slot, :at_ms, :execution, :words)
ON CONFLICT (device_id, number, slot)
DO UPDATE SET at_ms = excluded.at_ms, execution = excluded.execution, words = excluded.words

-- name: ddi_messages
-- All that is kept of an action; the ring bounds it.
SELECT slot, at_ms, execution, words FROM ddi_message WHERE device_id = :device_id AND number = :number

-- name: ddi_forget_messages
-- Words on actions that are long over.
DELETE FROM ddi_message WHERE device_id = :device_id AND number <= :number

-- name: ddi_attributes
-- What a device said of itself.
SELECT name, content FROM ddi_attribute WHERE device_id = :device_id ORDER BY name

-- name: ddi_put_attribute
-- One attribute.
INSERT INTO ddi_attribute (device_id, name, content) VALUES (:device_id, :name, :content)
ON CONFLICT (device_id, name) DO UPDATE SET content = excluded.content

-- name: ddi_forget_attribute
-- One attribute that is no more.
DELETE FROM ddi_attribute WHERE device_id = :device_id AND name = :name

-- name: object_digest_of
-- The SHA-1 of a stored object.
SELECT sha1 FROM object_digest WHERE sha256 = :sha256

-- name: put_object_digest
-- The object is content-addressed, so a second answer is the same.
INSERT INTO object_digest (sha256, sha1) VALUES (:sha256, :sha1) ON CONFLICT (sha256) DO NOTHING

-- name: running_objects
-- What the next running jobs send.
SELECT j.id, j.sha256, j.files FROM job j
WHERE j.status IN ('PLANNED', 'IN_PROGRESS') AND j.id > :after_job_id ORDER BY j.id LIMIT :limit
