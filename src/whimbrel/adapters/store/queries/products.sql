-- Products.

-- columns: product_columns
p.id, p.account_id, p.product_key, p.secret_sealed, p.name, p.node_type, p.data_format, p.net_type, p.auth_type,
  p.protocol_type, p.commodity_code, p.description, p.category_key, p.validate_type, p.created_ms, p.resource_group_id,
  coalesce(c.n, 0)

-- name: add_product
-- A new product; the unique indexes refuse a taken name.
INSERT INTO product (account_id, product_key, secret_sealed, name, node_type, data_format, net_type, auth_type,
  protocol_type, commodity_code, description, category_key, validate_type, created_ms, resource_group_id)
VALUES (:account_id, :product_key, :secret_sealed, :name, :node_type, :data_format, :net_type, :auth_type,
  :protocol_type, :commodity_code, :description, :category_key, :validate_type, :created_ms,
  :resource_group_id)
RETURNING id

-- name: product_by_key
-- A product with the number of its devices.
SELECT {product_columns}
FROM product p LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
WHERE p.account_id = :account_id AND p.product_key = :product_key AND p.deleted_ms IS NULL

-- name: products_page
-- An account's products, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product WHERE account_id = :account_id AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC

-- name: products_page_of_commodity
-- An account's products of one commodity code, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product
  WHERE account_id = :account_id AND commodity_code = :commodity_code AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC

-- name: products_page_of_resource_group
-- An account's products of one resource group, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product
  WHERE account_id = :account_id AND resource_group_id = :resource_group_id AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC

-- name: products_page_of_resource_group_commodity
-- An account's products of one resource group and commodity code, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product
  WHERE account_id = :account_id AND resource_group_id = :resource_group_id AND commodity_code = :commodity_code
    AND deleted_ms IS NULL AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC

-- name: update_product
-- Another name and description; the unique index refuses a taken name.
UPDATE product SET name = :name, description = :description WHERE id = :product_id AND deleted_ms IS NULL

-- name: delete_product
-- The row stays for the jobs it had; its name is free again.
UPDATE product SET deleted_ms = :now_ms, name = name || '~' || id WHERE id = :product_id AND deleted_ms IS NULL

-- name: give_up_product_key
-- A deleted product's key is free for an import into the same account; its jobs show the key with the row's id.
UPDATE product SET product_key = product_key || '~' || id
WHERE product_key = :product_key AND account_id = :account_id AND deleted_ms IS NOT NULL

-- name: product_of_key
-- Whether any product of the server has the key, a deleted one too: what it left behind is not another account's.
SELECT 1 FROM product WHERE product_key = :product_key

-- name: unfinished_job_of_product
-- Any job of the product that is planned or runs; few jobs do.
SELECT 1 FROM job WHERE product_id = :product_id AND status IN ('PLANNED', 'IN_PROGRESS') LIMIT 1
