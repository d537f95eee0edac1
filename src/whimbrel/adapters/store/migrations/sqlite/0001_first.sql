-- The first schema. Every row that belongs to an account says so (I15). Times are epoch milliseconds, UTC.
-- Migrations are applied in the order of their numbers and never changed once released.

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL
);

-- Secrets are sealed under the master key (A05). `policy` is `*` or permissions joined by commas.
CREATE TABLE access_key (
  access_key_id TEXT PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  secret_sealed BLOB NOT NULL,
  is_active INTEGER NOT NULL,
  policy TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- A product key is unique over all accounts: devices name nothing else when they connect.
CREATE TABLE product (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  product_key TEXT NOT NULL UNIQUE,
  secret_sealed BLOB NOT NULL,
  name TEXT NOT NULL,
  node_type INTEGER NOT NULL,
  data_format INTEGER,
  net_type TEXT NOT NULL,
  auth_type TEXT NOT NULL,
  protocol_type TEXT NOT NULL,
  commodity_code TEXT NOT NULL,
  description TEXT NOT NULL,
  category_key TEXT NOT NULL,
  validate_type INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  UNIQUE (account_id, name)
);
CREATE INDEX product_of_account ON product (account_id, id);
CREATE INDEX product_of_commodity ON product (account_id, commodity_code, id);

-- AUTOINCREMENT: an id is never given twice, so that a deleted device's reports cannot reach its successor.
CREATE TABLE device (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  product_id INTEGER NOT NULL REFERENCES product (id),
  device_name TEXT NOT NULL,
  iot_id TEXT NOT NULL UNIQUE,
  secret_sealed BLOB NOT NULL,
  nickname TEXT NOT NULL,
  is_disabled INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  activated_ms INTEGER,
  last_online_ms INTEGER,
  ip_address TEXT NOT NULL DEFAULT '',
  UNIQUE (product_id, device_name)
);
CREATE INDEX device_of_product ON device (product_id, id);

-- One row per connected device; the newest session holds it.
CREATE TABLE presence (
  device_id INTEGER PRIMARY KEY REFERENCES device (id),
  node_id TEXT NOT NULL,
  session_id INTEGER NOT NULL,
  since_ms INTEGER NOT NULL
);

CREATE TABLE module_version (
  device_id INTEGER NOT NULL REFERENCES device (id),
  module_name TEXT NOT NULL,
  version TEXT NOT NULL,
  reported_ms INTEGER NOT NULL,
  PRIMARY KEY (device_id, module_name)
) WITHOUT ROWID;

-- An upload's credentials and, once finished, the file it left. `begun_ms` is the one use (A13).
CREATE TABLE upload (
  object_key TEXT PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account (id),
  issued_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  begun_ms INTEGER,
  stored_ms INTEGER,
  sha256 TEXT,
  md5 TEXT,
  size_bytes INTEGER,
  is_used INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX upload_by_age ON upload (issued_ms);
CREATE INDEX upload_by_object ON upload (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE firmware (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  product_id INTEGER NOT NULL REFERENCES product (id),
  module_name TEXT NOT NULL,
  name TEXT NOT NULL,
  dest_version TEXT NOT NULL,
  src_version TEXT NOT NULL,
  type INTEGER NOT NULL,
  status INTEGER NOT NULL,
  sign_method TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  md5 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  description TEXT NOT NULL,
  udi TEXT NOT NULL,
  object_key TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  UNIQUE (account_id, name),
  UNIQUE (product_id, module_name, dest_version, type, src_version)
);
CREATE INDEX firmware_of_account ON firmware (account_id, id);
CREATE INDEX firmware_of_product ON firmware (product_id, id);
CREATE INDEX firmware_of_version ON firmware (account_id, dest_version, id);
CREATE INDEX firmware_of_product_version ON firmware (product_id, dest_version, id);
CREATE INDEX firmware_by_object ON firmware (sha256);

-- A job pins its firmware by SHA-256 (I10) and outlives the firmware's row.
-- fill_after, dispatch_after, cancel_after are the engine's durable cursors over device ids and task ids.
-- cancelling: bits of the task statuses whose cancelling was asked for and is not finished.
CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  product_id INTEGER NOT NULL REFERENCES product (id),
  firmware_id INTEGER NOT NULL,
  firmware_name TEXT NOT NULL,
  module_name TEXT NOT NULL,
  dest_version TEXT NOT NULL,
  required_version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  md5 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sign_method TEXT NOT NULL,
  firmware_type INTEGER NOT NULL,
  udi TEXT NOT NULL,
  job_type TEXT NOT NULL,
  status TEXT NOT NULL,
  target_selection TEXT NOT NULL,
  need_push INTEGER NOT NULL,
  need_confirm INTEGER NOT NULL,
  timeout_minutes INTEGER,
  tags TEXT NOT NULL,
  fill_after INTEGER NOT NULL DEFAULT 0,
  fill_until INTEGER NOT NULL,
  is_filled INTEGER NOT NULL,
  dispatch_after INTEGER NOT NULL DEFAULT 0,
  cancelling INTEGER NOT NULL DEFAULT 0,
  cancel_after INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  ended_ms INTEGER
);
CREATE INDEX job_of_firmware ON job (firmware_id, id);
CREATE INDEX job_by_object ON job (sha256);
CREATE INDEX job_unfinished ON job (id) WHERE status IN ('PLANNED', 'IN_PROGRESS');

-- The moving state, kept narrow: measured, narrow rows change four times faster (design.md part 3).
-- status: 0 CONFIRM, 1 QUEUED, 2 NOTIFIED, 3 IN_PROGRESS, 4 SUCCEEDED, 5 FAILED, 6 CANCELED; open is below 4.
CREATE TABLE task (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES job (id),
  device_id INTEGER NOT NULL REFERENCES device (id),
  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 6),
  attempt INTEGER NOT NULL DEFAULT 1,
  progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  due_ms INTEGER,
  src_version TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL
);
-- I3: one open task per device over all jobs; the database holds it, not a check in code.
CREATE UNIQUE INDEX task_open_of_device ON task (device_id) WHERE status < 4;
-- I2: a device is in a job once.
CREATE UNIQUE INDEX task_of_job_device ON task (job_id, device_id);
CREATE INDEX task_of_job ON task (job_id, id);
CREATE INDEX task_of_job_status ON task (job_id, status, id);
CREATE INDEX task_due ON task (due_ms) WHERE due_ms IS NOT NULL;

-- Why a task failed or was cancelled; apart from the moving state, because few tasks have one.
CREATE TABLE task_description (
  task_id INTEGER PRIMARY KEY REFERENCES task (id),
  words TEXT NOT NULL
);

-- How many rows a list has, per block of 4,096 ids, and in block -1 over all: deep pages cost what first ones cost,
-- and a total is one row (design.md part 3). A list's name says which rows it holds, for example `tasks:12:4`.
CREATE TABLE list_count (
  list TEXT NOT NULL,
  block INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (list, block)
) WITHOUT ROWID;
