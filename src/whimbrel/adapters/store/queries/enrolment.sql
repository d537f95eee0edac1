-- Devices that make themselves or fetch their credentials.

-- name: enrolment_policy
-- A product's switches.
SELECT dynamic_registration, plug_and_play, self_made_max, self_made FROM product
WHERE id = :product_id AND deleted_ms IS NULL

-- name: set_enrolment_policy
-- Other switches; the count stays.
UPDATE product SET dynamic_registration = :dynamic_registration, plug_and_play = :plug_and_play,
  self_made_max = :self_made_max
WHERE id = :product_id AND deleted_ms IS NULL

-- name: enrolling_product
-- A product as a device names it.
SELECT id, account_id, secret_sealed, dynamic_registration, plug_and_play, self_made_max, self_made
FROM product WHERE product_key = :product_key AND deleted_ms IS NULL

-- name: enrolled_device
-- A device as registration sees it.
SELECT id, secret_sealed, iot_id, state, activated_ms, last_online_ms, enrolled_ms, enrolments, is_reopened
FROM device WHERE product_id = :product_id AND device_name = :device_name AND deleted_ms IS NULL

-- name: take_self_made
-- One more device makes itself, if there is room: looked at and counted at once (I6).
UPDATE product SET self_made = self_made + 1
WHERE id = :product_id AND deleted_ms IS NULL AND self_made < self_made_max

-- name: give_back_self_made
-- It was not made after all.
UPDATE product SET self_made = self_made - 1 WHERE id = :product_id

-- name: use_proof
-- A request that is about to be answered; nothing changes when it was answered before.
INSERT INTO enrolment_proof (product_id, digest, used_ms) VALUES (:product_id, :digest, :now_ms)
ON CONFLICT DO NOTHING

-- name: mark_enrolled
-- An answer is about to leave. The first one since a reset sets the time, so that asking again moves no window.
UPDATE device SET enrolled_ms = coalesce(enrolled_ms, :now_ms), enrolments = enrolments + 1, is_reopened = 0,
  modified_ms = :now_ms
WHERE id = :device_id AND deleted_ms IS NULL AND enrolments = :enrolments

-- name: set_device_token
-- The password of a device that has no secret.
UPDATE device SET token_digest = :digest, token_client_id = :client_id WHERE id = :device_id AND deleted_ms IS NULL
