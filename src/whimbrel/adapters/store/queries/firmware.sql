-- Firmware.

-- columns: firmware_columns
f.id, f.account_id, f.product_id, p.product_key, p.name, f.module_name, f.name, f.dest_version, f.src_version,
  f.type, f.status, f.sign_method, f.sha256, f.md5, f.size_bytes, f.description, f.udi, f.object_key, f.created_ms,
  f.modified_ms, f.file_count

-- name: add_firmware
-- New firmware; the unique indexes refuse a taken name or version.
INSERT INTO firmware (account_id, product_id, module_name, name, dest_version, src_version, type, status, sign_method,
  sha256, md5, size_bytes, description, udi, object_key, created_ms, modified_ms, file_count)
VALUES (:account_id, :product_id, :module_name, :name, :dest_version, :src_version, :type, :status, :sign_method,
  :sha256, :md5, :size_bytes, :description, :udi, :object_key, :created_ms, :created_ms, :file_count)
RETURNING id

-- name: add_firmware_file
-- One of the files of firmware that was made with MultiFiles.
INSERT INTO firmware_file (firmware_id, number, name, sha256, md5, size_bytes, object_key)
VALUES (:firmware_id, :number, :name, :sha256, :md5, :size_bytes, :object_key)

-- name: files_of_firmware
-- The files of one firmware, in the order given when it was made.
SELECT number, name, sha256, md5, size_bytes, object_key FROM firmware_file
WHERE firmware_id = :firmware_id ORDER BY number

-- name: firmware_by_id
-- One firmware of an account.
SELECT {firmware_columns}
FROM firmware f JOIN product p ON p.id = f.product_id
WHERE f.account_id = :account_id AND f.id = :firmware_id

-- name: firmware_of_link
-- The firmware of a download link, whose signature the caller checks.
SELECT {firmware_columns}
FROM firmware f JOIN product p ON p.id = f.product_id
WHERE f.id = :firmware_id

-- name: firmware_page
-- An account's firmware, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE account_id = :account_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: firmware_page_of_product
-- A product's firmware, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE product_id = :product_id AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: firmware_page_of_version
-- An account's firmware of one version, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE account_id = :account_id AND dest_version = :dest_version AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: firmware_page_of_product_version
-- A product's firmware of one version, newest first.
SELECT {firmware_columns}
FROM (SELECT id FROM firmware WHERE product_id = :product_id AND dest_version = :dest_version AND id < :below
  ORDER BY id DESC LIMIT :size OFFSET :skip) AS page
JOIN firmware f ON f.id = page.id JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- columns: found_in_newest
found AS (
  SELECT id FROM newest
  WHERE (CAST(:module_name AS TEXT) = '' OR module_name = :module_name)
    AND (CAST(:status AS INTEGER) IS NULL OR status = CAST(:status AS INTEGER))
)
SELECT (SELECT count(*) FROM found), {firmware_columns}
FROM (SELECT 1) AS whole
  LEFT JOIN (SELECT id FROM found ORDER BY id DESC LIMIT :size OFFSET :skip) AS page ON 1 = 1
  LEFT JOIN firmware f ON f.id = page.id LEFT JOIN product p ON p.id = f.product_id ORDER BY f.id DESC

-- name: firmware_found
-- Of an account's newest firmware, that of a module or in a status. Each row begins with their number; a page without any is one such row.
WITH newest AS (SELECT id, module_name, status FROM firmware WHERE account_id = :account_id
  ORDER BY id DESC LIMIT :searched_max), {found_in_newest}

-- name: firmware_found_of_product
-- Of a product's newest firmware, that of a module or in a status. Each row begins with their number; a page without any is one such row.
WITH newest AS (SELECT id, module_name, status FROM firmware WHERE product_id = :product_id
  ORDER BY id DESC LIMIT :searched_max), {found_in_newest}

-- name: firmware_found_of_version
-- Of an account's newest firmware of one version, that of a module or in a status. Each row begins with their number; a page without any is one such row.
WITH newest AS (SELECT id, module_name, status FROM firmware WHERE account_id = :account_id AND dest_version = :dest_version
  ORDER BY id DESC LIMIT :searched_max), {found_in_newest}

-- name: firmware_found_of_product_version
-- Of a product's newest firmware of one version, that of a module or in a status. Each row begins with their number; a page without any is one such row.
WITH newest AS (SELECT id, module_name, status FROM firmware WHERE product_id = :product_id AND dest_version = :dest_version
  ORDER BY id DESC LIMIT :searched_max), {found_in_newest}

-- name: product_id
-- A product's id inside an account.
SELECT id FROM product WHERE account_id = :account_id AND product_key = :product_key

-- name: move_firmware
-- Compare and set of the verification status.
UPDATE firmware SET status = :new, modified_ms = :now_ms WHERE id = :firmware_id AND status = :old

-- name: modify_firmware
-- What may change of firmware: its name, description and Udi. The unique index refuses a taken name.
UPDATE firmware SET name = :name, description = :description, udi = :udi, modified_ms = :now_ms
WHERE id = :firmware_id AND account_id = :account_id

-- name: delete_firmware_files
-- The list of its files goes with the firmware.
DELETE FROM firmware_file WHERE firmware_id = :firmware_id

-- name: delete_firmware
-- The row goes; its files are swept later, when nothing else refers to them.
DELETE FROM firmware WHERE id = :firmware_id AND account_id = :account_id

-- name: object_reference
-- Any row that needs the object. Of a job with several files the firmware's rows speak: they stay while it runs.
SELECT 1 FROM firmware WHERE sha256 = :sha256
UNION ALL SELECT 1 FROM firmware_file WHERE sha256 = :sha256
UNION ALL SELECT 1 FROM job WHERE sha256 = :sha256 AND status IN ('PLANNED', 'IN_PROGRESS')
UNION ALL SELECT 1 FROM upload WHERE sha256 = :sha256 AND issued_ms >= :uploaded_after_ms
LIMIT 1
