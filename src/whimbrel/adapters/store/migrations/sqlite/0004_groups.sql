-- Groups of devices, and device tags.

-- `group_id` is what clients name, unique over all accounts. A deleted group keeps its row, without a place in any list,
-- until its members are purged in bounded steps: a group may hold a whole fleet.
-- rule_*: what devices a dynamic group holds, compiled from `expression` (domain/group_expression.py). It has no member
-- rows: what it holds is asked when it is needed. '' in rule_tag_key: any tags.
CREATE TABLE device_group (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  group_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  super_group_id TEXT NOT NULL,
  group_type TEXT NOT NULL,
  expression TEXT NOT NULL,
  rule_product_key TEXT NOT NULL,
  rule_name TEXT NOT NULL,
  rule_is_prefix INTEGER NOT NULL,
  rule_tag_key TEXT NOT NULL,
  rule_tag_value TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  deleted_ms INTEGER
);
CREATE UNIQUE INDEX device_group_name ON device_group (account_id, name) WHERE deleted_ms IS NULL;
CREATE INDEX device_group_of_account ON device_group (account_id, id) WHERE deleted_ms IS NULL;
CREATE INDEX device_group_of_super ON device_group (account_id, super_group_id, id) WHERE deleted_ms IS NULL;
CREATE INDEX device_group_dynamic ON device_group (account_id, rule_product_key)
  WHERE deleted_ms IS NULL AND group_type = 'LINK_PLATFORM_DYNAMIC';
CREATE INDEX device_group_deleted ON device_group (id) WHERE deleted_ms IS NOT NULL;

-- Members are paged by device id, newest device first: the primary key is the page's covering index, and a device that
-- is deleted is found in the list's counters without an id of the membership.
CREATE TABLE device_group_member (
  group_id INTEGER NOT NULL REFERENCES device_group (id),
  device_id INTEGER NOT NULL REFERENCES device (id),
  PRIMARY KEY (group_id, device_id)
) WITHOUT ROWID;
CREATE INDEX device_group_of_device ON device_group_member (device_id);

CREATE TABLE device_tag (
  account_id INTEGER NOT NULL REFERENCES account (id),
  product_id INTEGER NOT NULL REFERENCES product (id),
  device_id INTEGER NOT NULL REFERENCES device (id),
  tag_key TEXT NOT NULL,
  tag_value TEXT NOT NULL,
  PRIMARY KEY (device_id, tag_key)
) WITHOUT ROWID;
CREATE INDEX device_tag_of_value ON device_tag (account_id, tag_key, tag_value, device_id);
