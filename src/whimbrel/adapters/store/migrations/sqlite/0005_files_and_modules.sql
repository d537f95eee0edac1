-- What an upload is for, firmware of several files, and OTA modules.

-- An upload of one purpose cannot be used for another: a list of devices never becomes firmware.
ALTER TABLE upload ADD COLUMN purpose TEXT NOT NULL DEFAULT 'firmware';

-- file_count: 0 when the firmware's row describes its one file, else how many rows of firmware_file do. The row's own
-- sha256 is then the digest of their list, which stands for all their bytes (I10); with one file it stays that file's.
ALTER TABLE firmware ADD COLUMN file_count INTEGER NOT NULL DEFAULT 0;

CREATE TABLE firmware_file (
  firmware_id INTEGER NOT NULL REFERENCES firmware (id),
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  md5 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  object_key TEXT NOT NULL,
  PRIMARY KEY (firmware_id, number),
  UNIQUE (firmware_id, name)
) WITHOUT ROWID;
CREATE INDEX firmware_file_by_object ON firmware_file (sha256);

-- The files that a job pins, two or more, as a list in JSON; empty when the job's row describes the one it sends.
ALTER TABLE job ADD COLUMN files TEXT NOT NULL DEFAULT '[]';

-- Modules besides `default`, which every product has. `folded` is the name in lower case: names differ in more than that.
CREATE TABLE ota_module (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES product (id),
  name TEXT NOT NULL,
  folded TEXT NOT NULL,
  alias TEXT NOT NULL,
  description TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  UNIQUE (product_id, folded)
);
CREATE INDEX ota_module_of_product ON ota_module (product_id, id);
