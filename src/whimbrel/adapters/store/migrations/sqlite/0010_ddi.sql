-- Devices that collect their upgrades over hawkBit's DDI.

-- What a product's DDI devices are told, and how they prove who they are; a product without a row has the defaults of
-- domain/ddi.py. authorities: JSON, digests of certificates that a trusted proxy may name.
CREATE TABLE ddi_product (
  product_id INTEGER PRIMARY KEY REFERENCES product (id),
  account_id INTEGER NOT NULL REFERENCES account (id),
  is_default INTEGER NOT NULL DEFAULT 0,
  polling_s INTEGER NOT NULL,
  accepts_target_tokens INTEGER NOT NULL,
  gateway_token_digest TEXT UNIQUE,
  authorities TEXT NOT NULL DEFAULT '[]',
  version_attribute TEXT NOT NULL DEFAULT '',
  modified_ms INTEGER NOT NULL
);
-- The product that the tenant DEFAULT stands for is one of an account.
CREATE UNIQUE INDEX ddi_product_default ON ddi_product (account_id) WHERE is_default = 1;

-- What is known of a device beyond the vendor's fields. A row is made at its first contact, or when its token is set.
-- Bearer tokens are kept as digests only, in hex (A15; see domain/ddi_access.py). due_ms: silent until then, it counts as
-- offline. wants_attributes: configData is asked for; attributes_ms: when it came last. next_number: of the next action.
CREATE TABLE ddi_device (
  device_id INTEGER PRIMARY KEY REFERENCES device (id),
  token_digest TEXT,
  is_polling INTEGER NOT NULL DEFAULT 0,
  due_ms INTEGER,
  wants_attributes INTEGER NOT NULL DEFAULT 1,
  attributes_ms INTEGER,
  auto_confirm TEXT NOT NULL DEFAULT '',
  next_number INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX ddi_device_token ON ddi_device (token_digest) WHERE token_digest IS NOT NULL;
CREATE INDEX ddi_device_due ON ddi_device (due_ms) WHERE due_ms IS NOT NULL;

-- One attempt of one task, under the number that the device knows it by: small, the device's own, never given twice.
-- state: see domain/ddi_action.py.
CREATE TABLE ddi_action (
  device_id INTEGER NOT NULL REFERENCES device (id),
  number INTEGER NOT NULL,
  task_id INTEGER NOT NULL REFERENCES task (id),
  attempt INTEGER NOT NULL,
  state INTEGER NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  PRIMARY KEY (device_id, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX ddi_action_of_attempt ON ddi_action (task_id, attempt);

-- The newest words of a device on an action, in a ring: an old one gives its slot to a new one (I17).
CREATE TABLE ddi_message (
  device_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  execution TEXT NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (device_id, number, slot)
) WITHOUT ROWID;

CREATE TABLE ddi_attribute (
  device_id INTEGER NOT NULL REFERENCES device (id),
  name TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (device_id, name)
) WITHOUT ROWID;

-- The SHA-1 of a stored object, which DDI clients check; rows of firmware and jobs name objects by SHA-256 alone.
CREATE TABLE object_digest (
  sha256 TEXT PRIMARY KEY,
  sha1 TEXT NOT NULL
) WITHOUT ROWID;
