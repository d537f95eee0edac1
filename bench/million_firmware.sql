-- Fills a fresh database in one transaction: :products products, each with firmware for :versions versions. Their ids
-- take turns, as if every product had a release on the same day, and the oldest is a year old when there are a million. The counts of each list are those that the repositories
-- of products and firmware would have kept; tests/bench/test_million_firmware.py holds them against the rows.

BEGIN;

WITH RECURSIVE number (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < :products)
INSERT INTO product (id, account_id, product_key, secret_sealed, name, node_type, data_format, net_type, auth_type,
  protocol_type, commodity_code, description, category_key, validate_type, created_ms)
SELECT i, (SELECT id FROM account), printf('k%010d', i), x'', 'lamp ' || i, 0, 1, 'WIFI', 'secret', '', 'iothub_senior',
  '', '', 1, :now_ms
FROM number;

WITH RECURSIVE number (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i < :products * :versions - 1)
INSERT INTO firmware (account_id, product_id, module_name, name, dest_version, src_version, type, status, sign_method,
  sha256, md5, size_bytes, description, udi, object_key, created_ms, modified_ms)
SELECT (SELECT id FROM account), i % :products + 1, 'default', printf('firmware-%07d', i),
  printf('1.%d.0', i / :products), '', 0, 1, 'MD5', lower(hex(randomblob(32))), lower(hex(randomblob(16))),
  1048576 + i, 'Lights up faster after a power cut.', '', printf('ota/%07d.bin', i), :now_ms - (:products * :versions - i) * 31557, :now_ms - (:products * :versions - i) * 31556
FROM number;

INSERT INTO list_count (list, block, n)
SELECT 'products:' || account_id, id >> 12, count(*) FROM product GROUP BY 1, 2;
INSERT INTO list_count (list, block, n)
SELECT 'products:' || account_id || ':' || commodity_code, id >> 12, count(*) FROM product GROUP BY 1, 2;
INSERT INTO list_count (list, block, n)
SELECT 'firmware:' || account_id, id >> 12, count(*) FROM firmware GROUP BY 1, 2;
INSERT INTO list_count (list, block, n)
SELECT 'firmware:' || account_id || ':product:' || product_id, id >> 12, count(*) FROM firmware GROUP BY 1, 2;
INSERT INTO list_count (list, block, n)
SELECT 'firmware:' || account_id || ':version:' || dest_version, id >> 12, count(*) FROM firmware GROUP BY 1, 2;
INSERT INTO list_count (list, block, n)
SELECT 'firmware:' || account_id || ':product:' || product_id || ':version:' || dest_version, id >> 12, count(*)
FROM firmware GROUP BY 1, 2;
INSERT INTO list_count (list, block, n)
SELECT list, -1, sum(n) FROM list_count GROUP BY list;

COMMIT;
