-- An overview of an account, by counters and by indexes of what is rare.

-- name: devices_of_products
-- How many devices many products have in each status.
SELECT given.id, s.column1, c.n
FROM ({given_ids}) AS given CROSS JOIN (VALUES (0), (1), (3), (8)) AS s CROSS JOIN list_count c
WHERE c.list = 'devices:' || given.id || ':' || s.column1 AND c.block = -1

-- name: versions_of_products
-- How many devices of many products report which version of the module `default`: from one list's name to the next, past
-- the blocks of each, at most :versions_max of a product. The names end where `;` would follow, which is behind `:`.
WITH RECURSIVE entry (product_id, list, number) AS (
  SELECT given.id, (SELECT min(l.list) FROM list_count l
    WHERE l.list > 'versions:' || given.id || ':default:' AND l.list < 'versions:' || given.id || ':default;'), 1
  FROM ({given_ids}) AS given
  UNION ALL
  SELECT x.product_id, (SELECT min(l.list) FROM list_count l
    WHERE l.list > x.list AND l.list < 'versions:' || x.product_id || ':default;'), x.number + 1
  FROM entry x WHERE x.list IS NOT NULL AND x.number < :versions_max
)
SELECT x.product_id, substr(x.list, length('versions:' || x.product_id || ':default:') + 1), c.n
FROM entry x CROSS JOIN list_count c WHERE c.list = x.list AND c.block = -1 AND c.n > 0

-- columns: is_unready
f.status IN (0, 2, 3)

-- name: unready_firmware_of_account
-- How much firmware of an account may not leave, by status.
SELECT s.column1, (SELECT count(*) FROM (SELECT 1 AS one FROM firmware f
  WHERE f.account_id = :account_id AND {is_unready} AND f.status = s.column1 LIMIT :firmware_max) AS counted)
FROM (VALUES (0), (2), (3)) AS s

-- name: unready_firmware_of_product
-- The same of a product.
SELECT s.column1, (SELECT count(*) FROM (SELECT 1 AS one FROM firmware f
  WHERE f.product_id = :product_id AND {is_unready} AND f.status = s.column1 LIMIT :firmware_max) AS counted)
FROM (VALUES (0), (2), (3)) AS s

-- name: failed_firmware_of_account
-- The newest firmware of an account whose verification failed.
SELECT {firmware_columns} FROM firmware f JOIN product p ON p.id = f.product_id
WHERE f.account_id = :account_id AND {is_unready} AND f.status = 3 ORDER BY f.id DESC LIMIT :limit

-- name: failed_firmware_of_product
-- The same of a product.
SELECT {firmware_columns} FROM firmware f JOIN product p ON p.id = f.product_id
WHERE f.product_id = :product_id AND {is_unready} AND f.status = 3 ORDER BY f.id DESC LIMIT :limit
