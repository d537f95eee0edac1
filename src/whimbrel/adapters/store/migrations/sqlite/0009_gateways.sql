-- Several gateway processes on one database: which are alive, and which holds a device's session.

-- One row per running process that accepts devices. `seen_ms` is the database's clock, renewed while the process lives: a
-- node that stopped renewing holds no device any more (I18, F17). `epoch` fences what it says after that.
CREATE TABLE gateway_node (
  node_id TEXT PRIMARY KEY,
  epoch INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX presence_of_node ON presence (node_id);
