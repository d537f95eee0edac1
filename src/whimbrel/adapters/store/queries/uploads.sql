-- Uploads.

-- name: issue_upload
-- Credentials for one file.
INSERT INTO upload (object_key, account_id, issued_ms, expires_ms, purpose)
VALUES (:object_key, :account_id, :now_ms, :expires_ms, :purpose)

-- name: begin_upload
-- The one use of the credentials.
UPDATE upload SET begun_ms = :now_ms
WHERE object_key = :object_key AND begun_ms IS NULL AND expires_ms >= :now_ms

-- name: finish_upload
-- The file is stored.
UPDATE upload SET stored_ms = :stored_ms, sha256 = :sha256, md5 = :md5, size_bytes = :size_bytes
WHERE object_key = :object_key AND begun_ms IS NOT NULL AND stored_ms IS NULL

-- name: upload_by_key
-- A stored file of an account, uploaded for that purpose.
SELECT object_key, sha256, md5, size_bytes, stored_ms, is_used FROM upload
WHERE object_key = :object_key AND account_id = :account_id AND purpose = :purpose AND stored_ms IS NOT NULL

-- name: mark_upload_used
-- The file became firmware.
UPDATE upload SET is_used = 1 WHERE object_key = :object_key

-- name: forget_uploads
-- Rows of old uploads; firmware made of them stands on its own.
DELETE FROM upload WHERE issued_ms < :issued_before_ms
