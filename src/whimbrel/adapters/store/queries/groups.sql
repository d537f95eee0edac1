-- Groups of devices and their members.
-- Many values go into one statement as one text of entries of equal width, padded with blanks: no engine's own arrays.

-- columns: group_columns
g.id, g.account_id, g.group_id, g.name, g.description, g.super_group_id, g.group_type, g.created_ms, g.expression,
  g.rule_product_key, g.rule_name, g.rule_is_prefix, g.rule_tag_key, g.rule_tag_value

-- columns: device_identity
d.device_name, d.iot_id, p.product_key, p.name

-- columns: follows_rule_of_group
p.product_key = g.rule_product_key AND p.account_id = g.account_id
  AND (g.rule_is_prefix = 1 OR d.device_name = g.rule_name)
  AND substr(d.device_name, 1, length(g.rule_name)) = g.rule_name
  AND (g.rule_tag_key = '' OR EXISTS (
    SELECT 1 FROM device_tag t
    WHERE t.device_id = d.id AND t.tag_key = g.rule_tag_key AND t.tag_value = g.rule_tag_value))

-- columns: listed_group
g.account_id = :account_id AND g.deleted_ms IS NULL
  AND ((g.group_type = 'LINK_PLATFORM' AND :has_static = 1)
    OR (g.group_type = 'LINK_PLATFORM_DYNAMIC' AND :has_dynamic = 1))
  AND (CAST(:super_group_id AS TEXT) IS NULL OR g.super_group_id = CAST(:super_group_id AS TEXT))
  AND (CAST(:name_pattern AS TEXT) IS NULL OR lower(g.name) LIKE CAST(:name_pattern AS TEXT) ESCAPE '\')

-- name: add_group
-- A new group; the unique index refuses a taken name.
INSERT INTO device_group (account_id, group_id, name, description, super_group_id, group_type, created_ms, expression,
  rule_product_key, rule_name, rule_is_prefix, rule_tag_key, rule_tag_value)
VALUES (:account_id, :group_id, :name, :description, :super_group_id, :group_type, :created_ms, :expression,
  :rule_product_key, :rule_name, :rule_is_prefix, :rule_tag_key, :rule_tag_value)
RETURNING id

-- name: group_by_group_id
-- A group by the id that clients name.
SELECT {group_columns} FROM device_group g
WHERE g.group_id = :group_id AND g.account_id = :account_id AND g.deleted_ms IS NULL

-- name: describe_group
-- A group's description.
UPDATE device_group SET description = :description WHERE id = :id AND deleted_ms IS NULL

-- name: delete_group
-- A group is in no list any more; its members go in steps.
UPDATE device_group SET deleted_ms = :now_ms WHERE id = :id AND deleted_ms IS NULL

-- name: groups_total
-- How many groups a list has; an account has at most GROUPS_PER_ACCOUNT_MAX.
SELECT count(*) FROM device_group g WHERE {listed_group}

-- name: groups_page
-- Groups, newest first.
SELECT {group_columns} FROM device_group g WHERE {listed_group} ORDER BY g.id DESC LIMIT :size OFFSET :skip

-- name: groups_of_device
-- The groups that hold a device: those it was put into, and the dynamic ones whose rule it follows.
SELECT {group_columns} FROM device_group_member m JOIN device_group g ON g.id = m.group_id
WHERE m.device_id = :device_id AND g.deleted_ms IS NULL
UNION ALL
SELECT {group_columns} FROM device d JOIN product p ON p.id = d.product_id
  JOIN device_group g ON g.account_id = d.account_id AND g.rule_product_key = p.product_key
WHERE d.id = :device_id AND d.deleted_ms IS NULL AND g.group_type = 'LINK_PLATFORM_DYNAMIC' AND g.deleted_ms IS NULL
  AND {follows_rule_of_group}
ORDER BY id DESC

-- name: devices_named_for_group
-- Devices by (ProductKey, DeviceName), with what the group needs to know of each.
WITH RECURSIVE entry (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM entry WHERE i + 1 < :entries), named AS (
  SELECT rtrim(substr(CAST(:product_keys AS TEXT), i * 30 + 1, 30)) AS product_key,
    rtrim(substr(CAST(:device_names AS TEXT), i * 32 + 1, 32)) AS device_name
  FROM entry
)
SELECT d.id, p.product_key, d.device_name,
  CAST(EXISTS (SELECT 1 FROM device_group_member m WHERE m.group_id = :group_row_id AND m.device_id = d.id) AS INTEGER),
  (SELECT count(*) FROM device_group_member m JOIN device_group g ON g.id = m.group_id
    WHERE m.device_id = d.id AND g.deleted_ms IS NULL)
FROM named n JOIN product p ON p.product_key = n.product_key
  JOIN device d ON d.product_id = p.id AND d.device_name = n.device_name
WHERE p.account_id = :account_id AND d.deleted_ms IS NULL ORDER BY d.id

-- name: add_group_members
-- Devices enter a group.
INSERT INTO device_group_member (group_id, device_id)
WITH RECURSIVE entry (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM entry WHERE i + 1 < :entries)
SELECT CAST(:group_row_id AS BIGINT), CAST(rtrim(substr(CAST(:device_ids AS TEXT), i * 20 + 1, 20)) AS BIGINT) FROM entry

-- name: remove_group_members
-- Devices leave a group.
DELETE FROM device_group_member WHERE group_id = :group_row_id AND device_id IN (
  WITH RECURSIVE entry (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM entry WHERE i + 1 < :entries)
  SELECT CAST(rtrim(substr(CAST(:device_ids AS TEXT), i * 20 + 1, 20)) AS BIGINT) FROM entry)

-- name: remove_device_from_groups
-- A device that is deleted leaves all groups, also deleted ones that are not purged yet.
DELETE FROM device_group_member WHERE device_id = :device_id RETURNING group_id

-- name: group_members_page
-- A static group's devices, newest first.
SELECT {device_identity}
FROM (SELECT device_id FROM device_group_member WHERE group_id = :group_row_id AND device_id < :below
  ORDER BY device_id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.device_id JOIN product p ON p.id = d.product_id ORDER BY d.id DESC

-- name: group_members_state
-- How many of a static group's devices were ever connected, and are now.
SELECT coalesce(sum(CASE WHEN d.activated_ms IS NULL THEN 0 ELSE 1 END), 0),
  coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM presence o WHERE o.device_id = d.id) THEN 1 ELSE 0 END), 0)
FROM device_group_member m JOIN device d ON d.id = m.device_id WHERE m.group_id = :group_row_id

-- columns: may_be_purged
g.deleted_ms IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM job j WHERE j.status IN ('PLANNED', 'IN_PROGRESS') AND j.is_gathered = 0 AND j.group_row_id = g.id)

-- name: group_to_purge
-- A deleted group, but none whose targets an unfinished job still gathers.
SELECT g.id FROM device_group g WHERE {may_be_purged} LIMIT 1

-- name: members_to_purge
-- Members of such groups.
SELECT m.group_id, m.device_id
FROM device_group g JOIN device_group_member m ON m.group_id = g.id
WHERE {may_be_purged} ORDER BY g.id, m.device_id LIMIT :members_max

-- name: purge_group_members
-- The members of a deleted group up to this device.
DELETE FROM device_group_member WHERE group_id = :group_row_id AND device_id <= :device_id

-- name: forget_purged_groups
-- Deleted groups without members leave nothing behind.
DELETE FROM device_group WHERE id IN (
  SELECT g.id FROM device_group g
  WHERE {may_be_purged} AND NOT EXISTS (SELECT 1 FROM device_group_member m WHERE m.group_id = g.id)
  LIMIT :groups_max)
RETURNING id

-- name: forget_list
-- The counters of a list that is no more.
DELETE FROM list_count WHERE list = :list

-- Dynamic groups. CROSS JOIN keeps SQLite from beginning with the whole product, where the tag's list is the shorter way.

-- columns: rule_by_name
SELECT d.id FROM product p JOIN device d ON d.product_id = p.id
  WHERE p.account_id = :account_id AND p.product_key = :product_key AND p.deleted_ms IS NULL AND d.deleted_ms IS NULL
    AND d.device_name >= :name AND d.device_name < :name_end LIMIT :devices_max

-- columns: rule_by_tag
SELECT d.id FROM device_tag t CROSS JOIN device d CROSS JOIN product p
  WHERE d.id = t.device_id AND p.id = d.product_id AND t.account_id = :account_id AND t.tag_key = :tag_key AND t.tag_value = :tag_value
    AND p.product_key = :product_key AND d.device_name >= :name AND d.device_name < :name_end LIMIT :devices_max

-- name: rule_counts_by_name
-- How many devices follow a rule without a tag, at most :devices_max; how many of them were connected, and are.
SELECT count(*), coalesce(sum(CASE WHEN d.activated_ms IS NULL THEN 0 ELSE 1 END), 0),
  coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM presence o WHERE o.device_id = d.id) THEN 1 ELSE 0 END), 0)
FROM ({rule_by_name}) AS found JOIN device d ON d.id = found.id

-- name: rule_counts_by_tag
-- The same for a rule with a tag, along the tag's list.
SELECT count(*), coalesce(sum(CASE WHEN d.activated_ms IS NULL THEN 0 ELSE 1 END), 0),
  coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM presence o WHERE o.device_id = d.id) THEN 1 ELSE 0 END), 0)
FROM ({rule_by_tag}) AS found JOIN device d ON d.id = found.id

-- name: rule_page_by_name
-- The devices that follow a rule without a tag, newest first, each with how many there are.
SELECT {device_identity}, page.total
FROM (SELECT id, count(*) OVER () AS total FROM ({rule_by_name}) AS found ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id ORDER BY d.id DESC

-- name: rule_page_by_tag
-- The same for a rule with a tag.
SELECT {device_identity}, page.total
FROM (SELECT id, count(*) OVER () AS total FROM ({rule_by_tag}) AS found ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN device d ON d.id = page.id JOIN product p ON p.id = d.product_id ORDER BY d.id DESC
