-- Tags of devices.

-- name: tags_of_device
-- A device's tags, at most 100.
SELECT tag_key, tag_value FROM device_tag WHERE device_id = :device_id ORDER BY tag_key

-- name: put_tag
-- A tag as it is now.
INSERT INTO device_tag (account_id, product_id, device_id, tag_key, tag_value)
VALUES (:account_id, :product_id, :device_id, :tag_key, :tag_value)
ON CONFLICT (device_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value

-- name: remove_tag
-- One tag of a device.
DELETE FROM device_tag WHERE device_id = :device_id AND tag_key = :tag_key RETURNING tag_value

-- name: remove_tags_of_device
-- All tags of a device that is deleted.
DELETE FROM device_tag WHERE device_id = :device_id RETURNING tag_key, tag_value

-- name: forget_empty_counters
-- A tag's list that lost its last device in a block leaves no counter: values are as many as clients think of.
DELETE FROM list_count WHERE list = :list AND block IN (:block, -1) AND n = 0

-- columns: has_all_tags
(SELECT device_id FROM device_tag
  WHERE account_id = :account_id AND tag_key = :key0 AND tag_value = :value0) AS t
WHERE (:tags < 2 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key1 AND o.tag_value = :value1))
  AND (:tags < 3 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key2 AND o.tag_value = :value2))
  AND (:tags < 4 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key3 AND o.tag_value = :value3))
  AND (:tags < 5 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key4 AND o.tag_value = :value4))
  AND (:tags < 6 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key5 AND o.tag_value = :value5))
  AND (:tags < 7 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key6 AND o.tag_value = :value6))
  AND (:tags < 8 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key7 AND o.tag_value = :value7))
  AND (:tags < 9 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key8 AND o.tag_value = :value8))
  AND (:tags < 10 OR EXISTS (SELECT 1 FROM device_tag o
    WHERE o.device_id = t.device_id AND o.tag_key = :key9 AND o.tag_value = :value9))

-- name: tagged_devices_page
-- Devices with one tag, newest first.
SELECT {device_identity}
FROM (SELECT device_id FROM device_tag
  WHERE account_id = :account_id AND tag_key = :tag_key AND tag_value = :tag_value AND device_id < :below
  ORDER BY device_id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.device_id JOIN product p ON p.id = d.product_id ORDER BY d.id DESC

-- name: devices_with_tags_total
-- How many devices have all of 2 to 10 tags: the first is the rarest, whose list is walked.
SELECT count(*) FROM {has_all_tags}

-- name: devices_with_tags_page
-- Devices with all of 2 to 10 tags, newest first, each with how many there are.
SELECT {device_identity}, page.total
FROM (SELECT t.device_id, count(*) OVER () AS total FROM {has_all_tags} ORDER BY t.device_id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.device_id JOIN product p ON p.id = d.product_id ORDER BY d.id DESC
