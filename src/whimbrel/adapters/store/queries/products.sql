-- Products.

-- columns: product_columns
p.id, p.account_id, p.product_key, p.secret_sealed, p.name, p.node_type, p.data_format, p.net_type, p.auth_type,
  p.protocol_type, p.commodity_code, p.description, p.category_key, p.validate_type, p.created_ms, coalesce(c.n, 0)

-- name: add_product
-- A new product; the unique indexes refuse a taken name.
INSERT INTO product (account_id, product_key, secret_sealed, name, node_type, data_format, net_type, auth_type,
  protocol_type, commodity_code, description, category_key, validate_type, created_ms)
VALUES (:account_id, :product_key, :secret_sealed, :name, :node_type, :data_format, :net_type, :auth_type,
  :protocol_type, :commodity_code, :description, :category_key, :validate_type, :created_ms)
RETURNING id

-- name: product_by_key
-- A product with the number of its devices.
SELECT {product_columns}
FROM product p LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
WHERE p.account_id = :account_id AND p.product_key = :product_key

-- name: products_page
-- An account's products, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product WHERE account_id = :account_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC

-- name: products_page_of_commodity
-- An account's products of one commodity code, newest first.
SELECT {product_columns}
FROM (SELECT id FROM product WHERE account_id = :account_id AND commodity_code = :commodity_code AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN product p ON p.id = page.id LEFT JOIN list_count c ON c.list = 'devices:' || p.id AND c.block = -1
ORDER BY p.id DESC
