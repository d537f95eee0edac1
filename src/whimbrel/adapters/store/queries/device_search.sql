-- Devices by any filters together (domain/device_search.py): one list is walked, newest device first, in pieces of
-- bounded size; what the other filters ask is looked up for each device of the piece.

-- columns: found_device
d.id, p.product_key, p.name, d.device_name, d.iot_id, d.nickname, d.state, d.state_ms, d.created_ms, d.last_online_ms,
  d.ip_address

-- columns: folded_nickname
lower(d.nickname)

-- columns: searched_version
(SELECT v.version FROM module_version v WHERE v.device_id = d.id AND v.module_name = :module_name)

-- columns: is_searched
-- What is asked of other tables is asked device by device, as a value: of EXISTS PostgreSQL might hash whole tables.
d.account_id = :account_id AND d.deleted_ms IS NULL
  AND (CAST(:product_id AS BIGINT) IS NULL OR d.product_id = CAST(:product_id AS BIGINT))
  AND (CAST(:state AS BIGINT) IS NULL OR d.state = CAST(:state AS BIGINT))
  AND (CAST(:name AS TEXT) IS NULL OR (:is_whole_name = 1 AND d.device_name = CAST(:name AS TEXT))
    OR (:is_whole_name = 0 AND substr(d.device_name, 1, length(CAST(:name AS TEXT))) = CAST(:name AS TEXT)))
  AND (CAST(:pattern AS TEXT) IS NULL OR lower(d.device_name) LIKE CAST(:pattern AS TEXT) ESCAPE '\'
    OR {folded_nickname} LIKE CAST(:pattern AS TEXT) ESCAPE '\')
  AND (CAST(:version AS TEXT) IS NULL OR {searched_version} = CAST(:version AS TEXT))
  AND (:never_reported = 0 OR {searched_version} IS NULL)
  AND (CAST(:group_row_id AS BIGINT) IS NULL OR d.id = (SELECT g.device_id FROM device_group_member g
    WHERE g.group_id = CAST(:group_row_id AS BIGINT) AND g.device_id = d.id))
  AND (CAST(:tag_key AS TEXT) IS NULL OR (SELECT t.tag_value FROM device_tag t
    WHERE t.device_id = d.id AND t.tag_key = CAST(:tag_key AS TEXT)
      AND t.tag_value = coalesce(CAST(:tag_value AS TEXT), t.tag_value)) IS NOT NULL)
  AND (CAST(:other_key AS TEXT) IS NULL OR (SELECT t.tag_value FROM device_tag t
    WHERE t.device_id = d.id AND t.tag_key = CAST(:other_key AS TEXT)
      AND t.tag_value = coalesce(CAST(:other_value AS TEXT), t.tag_value)) IS NOT NULL)
  AND (CAST(:quiet_ms AS BIGINT) IS NULL OR (d.state = 3 AND {heard_ms} < CAST(:quiet_ms AS BIGINT)))

-- columns: in_pieces
ORDER BY id DESC LIMIT :piece OFFSET :skip

-- columns: on_the_way
CROSS JOIN device d CROSS JOIN product p
WHERE d.id = piece.id AND p.id = d.product_id AND {is_searched} ORDER BY d.id DESC LIMIT :size

-- columns: walk_account
-- Its four states, merged: an index of their own for all would be written whenever a device comes or goes. Each part has
-- a limit of its own, without which PostgreSQL reads the whole table.
SELECT id FROM (SELECT id FROM device
  WHERE account_id = :account_id AND state = 0 AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT CAST(:piece AS BIGINT) + CAST(:skip AS BIGINT)) AS s0
UNION ALL SELECT id FROM (SELECT id FROM device
  WHERE account_id = :account_id AND state = 1 AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT CAST(:piece AS BIGINT) + CAST(:skip AS BIGINT)) AS s1
UNION ALL SELECT id FROM (SELECT id FROM device
  WHERE account_id = :account_id AND state = 3 AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT CAST(:piece AS BIGINT) + CAST(:skip AS BIGINT)) AS s3
UNION ALL SELECT id FROM (SELECT id FROM device
  WHERE account_id = :account_id AND state = 8 AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT CAST(:piece AS BIGINT) + CAST(:skip AS BIGINT)) AS s8

-- columns: walk_account_state
SELECT id FROM device WHERE account_id = :account_id AND state = :state AND deleted_ms IS NULL AND id < :below

-- columns: walk_product
SELECT id FROM device WHERE product_id = :product_id AND deleted_ms IS NULL AND id < :below

-- columns: walk_product_state
SELECT id FROM device WHERE product_id = :product_id AND state = :state AND deleted_ms IS NULL AND id < :below

-- columns: walk_group
SELECT device_id AS id FROM device_group_member WHERE group_id = :group_row_id AND device_id < :below

-- columns: walk_tag
SELECT device_id AS id FROM device_tag
WHERE account_id = :account_id AND tag_key = :tag_key AND tag_value = :tag_value AND device_id < :below

-- columns: walk_version
SELECT device_id AS id FROM module_version WHERE module_name = :module_name AND version = :version AND device_id < :below

-- columns: walk_names
SELECT id FROM (SELECT id FROM device
  WHERE product_id = :product_id AND device_name >= :name AND device_name < :name_end LIMIT :names_max) AS named
WHERE id < :below

-- columns: walk_account_names
SELECT id FROM (SELECT e.id FROM product o CROSS JOIN device e
  WHERE o.account_id = :account_id AND o.deleted_ms IS NULL AND e.product_id = o.id
    AND e.device_name >= :name AND e.device_name < :name_end LIMIT :names_max) AS named
WHERE id < :below

-- columns: walk_tag_key
SELECT id FROM (SELECT device_id AS id FROM device_tag
  WHERE account_id = :account_id AND tag_key = :any_key LIMIT :names_max) AS tagged
WHERE id < :below

-- name: found_by_account
-- What is found among the next :piece of an account's devices; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_account} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_account
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_account} {in_pieces}) AS piece

-- name: found_by_account_state
-- What is found among the next :piece of an account's devices in one state; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_account_state} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_account_state
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_account_state} {in_pieces}) AS piece

-- name: found_by_product
-- What is found among the next :piece of a product's devices; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_product} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_product
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_product} {in_pieces}) AS piece

-- name: found_by_product_state
-- What is found among the next :piece of a product's devices in one state; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_product_state} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_product_state
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_product_state} {in_pieces}) AS piece

-- name: found_by_version
-- What is found among the next :piece of the devices that report a version, of all products; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_version} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_version
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_version} {in_pieces}) AS piece

-- name: found_by_group
-- What is found among the next :piece of a static group's devices; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_group} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_group
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_group} {in_pieces}) AS piece

-- name: found_by_tag
-- What is found among the next :piece of the devices with a tag; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_tag} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_tag
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_tag} {in_pieces}) AS piece

-- name: found_by_names
-- What is found among the next :piece of a product's devices whose names are in a range; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_names} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_names
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_names} {in_pieces}) AS piece

-- name: found_by_account_names
-- What is found among the next :piece of an account's devices whose names are in a range; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_account_names} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_account_names
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_account_names} {in_pieces}) AS piece

-- name: found_by_tag_key
-- What is found among the next :piece of the devices with a tag of a key; each with its place among them.
SELECT {found_device}, piece.place
FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({walk_tag_key} {in_pieces}) AS taken) AS piece
{on_the_way}

-- name: passed_by_tag_key
-- How many these are, and the last.
SELECT count(*), coalesce(min(id), 0) FROM ({walk_tag_key} {in_pieces}) AS piece

-- name: newest_block
-- The newest block at or below :block in which a list has rows.
SELECT max(block) FROM list_count WHERE list = :list AND block >= 0 AND block <= :block AND n > 0

-- name: versions_of_devices
-- What many devices report, the module `default` first; a device has at most MODULES_PER_DEVICE_MAX.
SELECT m.device_id, m.module_name, m.version
FROM ({given_ids}) AS given JOIN module_version m ON m.device_id = given.id
ORDER BY m.device_id, m.module_name <> 'default', m.module_name
