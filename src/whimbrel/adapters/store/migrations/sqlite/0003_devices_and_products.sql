-- The state of devices as a column, deletion of devices and products, registration by the thousand.

-- Devices that are registered together. status: see domain/device_apply.py. is_random: the names are made while registering.
-- done_number is the engine's durable cursor over the numbers of the names; failed counts those that became no device.
CREATE TABLE device_apply (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  product_id INTEGER NOT NULL REFERENCES product (id),
  status TEXT NOT NULL,
  is_random INTEGER NOT NULL,
  names INTEGER NOT NULL,
  done_number INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL
);
CREATE INDEX device_apply_running ON device_apply (id) WHERE status = 'CREATE';
CREATE INDEX device_apply_of_product ON device_apply (product_id, id);

-- The names of an apply, numbered from 1; fault says why a name becomes no device.
CREATE TABLE device_apply_name (
  apply_id INTEGER NOT NULL REFERENCES device_apply (id),
  number INTEGER NOT NULL,
  device_name TEXT NOT NULL,
  nickname TEXT NOT NULL,
  fault TEXT NOT NULL,
  PRIMARY KEY (apply_id, number)
) WITHOUT ROWID;

-- Devices whose sessions must end, because they were disabled or deleted. A row goes once that was said to the session.
CREATE TABLE session_end (
  device_id INTEGER PRIMARY KEY REFERENCES device (id),
  asked_ms INTEGER NOT NULL
);

-- A deleted row keeps its place in what refers to it; its name is freed by `~` and its id at the end, which no name has.
ALTER TABLE product ADD COLUMN resource_group_id TEXT NOT NULL DEFAULT '';
ALTER TABLE product ADD COLUMN deleted_ms INTEGER;
DROP INDEX product_of_account;
DROP INDEX product_of_commodity;
CREATE INDEX product_of_account ON product (account_id, id) WHERE deleted_ms IS NULL;
CREATE INDEX product_of_commodity ON product (account_id, commodity_code, id) WHERE deleted_ms IS NULL;
CREATE INDEX product_of_resource_group ON product (account_id, resource_group_id, id) WHERE deleted_ms IS NULL;
CREATE INDEX product_of_resource_group_commodity ON product (account_id, resource_group_id, commodity_code, id)
  WHERE deleted_ms IS NULL;

-- state: 0 not activated, 1 online, 3 offline, 8 disabled, as the wire has it; state_ms: since when.
-- gray_key: 31 bits of the SHA-256 of iot_id, so that a share of a product's devices is a range of keys.
-- enrolled_ms: when the device fetched its secret by dynamic registration, which it may do once until it is reset.
ALTER TABLE device ADD COLUMN state INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 3, 8));
ALTER TABLE device ADD COLUMN state_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN gray_key INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN enrolled_ms INTEGER;
ALTER TABLE device ADD COLUMN apply_id INTEGER REFERENCES device_apply (id);
ALTER TABLE device ADD COLUMN deleted_ms INTEGER;
UPDATE device SET
  state = CASE
    WHEN is_disabled = 1 THEN 8
    WHEN EXISTS (SELECT 1 FROM presence o WHERE o.device_id = device.id) THEN 1
    WHEN activated_ms IS NOT NULL THEN 3
    ELSE 0 END,
  state_ms = coalesce(last_online_ms, created_ms),
  gray_key = (id * 2654435761) % 2147483647;
ALTER TABLE device DROP COLUMN is_disabled;
DROP INDEX device_of_product;
CREATE INDEX device_of_product ON device (product_id, id) WHERE deleted_ms IS NULL;
CREATE INDEX device_of_account_state ON device (account_id, state, id) WHERE deleted_ms IS NULL;
CREATE INDEX device_of_product_state ON device (product_id, state, id) WHERE deleted_ms IS NULL;
CREATE INDEX device_of_gray_key ON device (product_id, gray_key, id) WHERE deleted_ms IS NULL;
CREATE INDEX device_of_apply ON device (apply_id, id) WHERE apply_id IS NOT NULL AND deleted_ms IS NULL;

-- The lists that this release counts: devices by account, and by state of account and product, and those ever activated.
INSERT INTO list_count (list, block, n)
WITH entry AS (
  SELECT 'account_devices:' || account_id AS list, id >> 12 AS block FROM device
  UNION ALL SELECT 'account_devices:' || account_id || ':' || state, id >> 12 FROM device
  UNION ALL SELECT 'devices:' || product_id || ':' || state, id >> 12 FROM device
  UNION ALL SELECT 'account_activated:' || account_id, id >> 12 FROM device WHERE activated_ms IS NOT NULL
  UNION ALL SELECT 'activated:' || product_id, id >> 12 FROM device WHERE activated_ms IS NOT NULL
)
SELECT list, block, count(*) FROM entry GROUP BY 1, 2 UNION ALL SELECT list, -1, count(*) FROM entry GROUP BY 1;
