-- OTA modules besides `default`.

-- columns: module_columns
id, product_id, name, alias, description, created_ms, modified_ms

-- name: add_module
-- A new module; the unique index refuses a name that differs from another in case at most.
INSERT INTO ota_module (product_id, name, folded, alias, description, created_ms, modified_ms)
VALUES (:product_id, :name, :folded, :alias, :description, :created_ms, :created_ms)
RETURNING id

-- name: module_by_name
-- A product's module of exactly this name.
SELECT {module_columns} FROM ota_module WHERE product_id = :product_id AND folded = :folded AND name = :name

-- name: modules_of_product
-- A product's modules, oldest first: few enough for no pages.
SELECT {module_columns} FROM ota_module WHERE product_id = :product_id ORDER BY id

-- name: modules_total
-- How many modules a product has.
SELECT count(*) FROM ota_module WHERE product_id = :product_id

-- name: modify_module
-- What may change of a module.
UPDATE ota_module SET alias = :alias, description = :description, modified_ms = :now_ms WHERE id = :module_id

-- name: delete_module
-- The module goes; versions that devices reported of it stay theirs.
DELETE FROM ota_module WHERE id = :module_id

-- name: firmware_of_module
-- Any firmware of a module.
SELECT 1 FROM firmware WHERE product_id = :product_id AND module_name = :name LIMIT 1
