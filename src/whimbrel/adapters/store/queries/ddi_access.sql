-- How DDI devices are set up and recognised. Many claims are asked for at once: texts of equal width, filled up with blanks.

-- name: ddi_settings
-- What a product's DDI devices are told; no row: the defaults.
SELECT polling_s, accepts_target_tokens, authorities, version_attribute, is_default,
  CASE WHEN gateway_token_digest IS NULL THEN 0 ELSE 1 END
FROM ddi_product WHERE product_id = :product_id

-- name: leave_ddi_default
-- DEFAULT stands for another product of the account now, or for none.
UPDATE ddi_product SET is_default = 0 WHERE account_id = :account_id AND is_default = 1 AND product_id <> :product_id

-- name: put_ddi_settings
-- All that is set up, but for the gateway token.
INSERT INTO ddi_product (product_id, account_id, is_default, polling_s, accepts_target_tokens, authorities,
  version_attribute, modified_ms)
VALUES (:product_id, :account_id, :is_default, :polling_s, :accepts_target_tokens, :authorities, :version_attribute,
  :now_ms)
ON CONFLICT (product_id) DO UPDATE SET is_default = excluded.is_default, polling_s = excluded.polling_s,
  accepts_target_tokens = excluded.accepts_target_tokens, authorities = excluded.authorities,
  version_attribute = excluded.version_attribute, modified_ms = excluded.modified_ms

-- name: put_gateway_token
-- A product's gateway token, or none any more; a product that was never set up gets the defaults.
INSERT INTO ddi_product (product_id, account_id, polling_s, accepts_target_tokens, gateway_token_digest, modified_ms)
VALUES (:product_id, :account_id, :polling_s, :accepts_target_tokens, :digest, :now_ms)
ON CONFLICT (product_id) DO UPDATE
SET gateway_token_digest = excluded.gateway_token_digest, modified_ms = excluded.modified_ms

-- name: put_target_token
-- A device's token, or none any more.
INSERT INTO ddi_device (device_id, token_digest) VALUES (:device_id, :digest)
ON CONFLICT (device_id) DO UPDATE SET token_digest = excluded.token_digest

-- name: ddi_attribute_report
-- When a device said what it is, and whether it is asked again; without a row it is asked at its first contact.
SELECT attributes_ms, wants_attributes FROM ddi_device WHERE device_id = :device_id

-- name: ddi_reported_attributes
-- What it said, at most 100.
SELECT name, content FROM ddi_attribute WHERE device_id = :device_id

-- name: ask_ddi_attributes
-- At its next poll the device is asked what it is.
INSERT INTO ddi_device (device_id, wants_attributes) VALUES (:device_id, 1)
ON CONFLICT (device_id) DO UPDATE SET wants_attributes = 1

-- name: ddi_default_products
-- Whose default product each of :n digests is for, by number; number -1 is the one of the account :operator. Each step is
-- a look-up by a key of its own, so that no engine can begin at the other end, with all devices of a product.
WITH RECURSIVE place (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < CAST(:n AS BIGINT)),
  asked (i, digest) AS MATERIALIZED (
    SELECT i, substr(CAST(:digests AS TEXT), 1 + i * 64, 64) FROM place LIMIT CAST(:n AS BIGINT)),
  found (i, product_id) AS MATERIALIZED (
    SELECT asked.i, (SELECT d.product_id FROM device d WHERE d.id = t.device_id AND d.deleted_ms IS NULL)
    FROM asked JOIN ddi_device t ON t.token_digest = asked.digest
    UNION ALL
    SELECT asked.i, x.product_id FROM asked JOIN ddi_product x ON x.gateway_token_digest = asked.digest
    UNION ALL
    SELECT -1, (SELECT x.product_id FROM ddi_product x WHERE x.account_id = a.id AND x.is_default = 1)
    FROM account a WHERE a.name = :operator),
  defaults (i, product_key) AS MATERIALIZED (
    SELECT found.i, (SELECT p.product_key FROM product p JOIN ddi_product x ON x.product_id = p.id
      WHERE p.id = found.product_id AND p.deleted_ms IS NULL AND x.is_default = 1)
    FROM found)
SELECT i, product_key FROM defaults WHERE product_key IS NOT NULL

-- name: ddi_standings
-- What is stored of each of :n pairs of ProductKey and DeviceName, by number; none comes back without the product. Each
-- step is a look-up by a key of its own, as above.
WITH RECURSIVE place (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < CAST(:n AS BIGINT)),
  asked (i, product_key, device_name) AS MATERIALIZED (
    SELECT i, rtrim(substr(CAST(:products AS TEXT), 1 + i * 32, 32)), rtrim(substr(CAST(:names AS TEXT), 1 + i * 32, 32))
    FROM place LIMIT CAST(:n AS BIGINT)),
  of_products (i, product_id, device_name) AS MATERIALIZED (
    SELECT i, (SELECT p.id FROM product p WHERE p.product_key = asked.product_key AND p.deleted_ms IS NULL), device_name
    FROM asked),
  of_devices (i, product_id, device_id) AS MATERIALIZED (
    SELECT i, product_id, (SELECT d.id FROM device d
      WHERE d.product_id = of_products.product_id AND d.device_name = of_products.device_name AND d.deleted_ms IS NULL)
    FROM of_products)
SELECT o.i, p.id, p.account_id, p.product_key, p.plug_and_play,
  CASE WHEN p.self_made < p.self_made_max THEN 1 ELSE 0 END, x.polling_s, x.accepts_target_tokens,
  x.gateway_token_digest, x.authorities, x.version_attribute, d.id, d.state, t.token_digest
FROM of_devices o JOIN product p ON p.id = o.product_id
  LEFT JOIN ddi_product x ON x.product_id = o.product_id
  LEFT JOIN device d ON d.id = o.device_id
  LEFT JOIN ddi_device t ON t.device_id = o.device_id

-- name: ddi_actions_total
-- How many actions a device has had.
SELECT count(*) FROM ddi_action WHERE device_id = :device_id

-- name: ddi_actions_page
-- A device's actions with the jobs of their tasks, newest first.
SELECT a.number, a.task_id, t.job_id, a.attempt, a.state, a.messages, a.created_ms, a.modified_ms
FROM ddi_action a JOIN task t ON t.id = a.task_id
WHERE a.device_id = :device_id ORDER BY a.number DESC LIMIT :size OFFSET :skip
