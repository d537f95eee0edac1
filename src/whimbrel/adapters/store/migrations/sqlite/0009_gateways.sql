-- Several gateway processes on one database: which are alive, and what each has to tell the devices that it holds.

-- What ends by an operation is an order to the node that holds it, in the operation's own transaction.
DROP TABLE session_end;

-- One row per running process that accepts devices, and only while it may: whoever ends a node deletes its row, and nothing
-- that it says afterwards is taken in (I18). `beat` grows while the process lives; no clock is compared (F17).
CREATE TABLE gateway_node (
  node_id TEXT PRIMARY KEY,
  beat INTEGER NOT NULL,
  started_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Nodes that are no more, until their devices have been taken offline in bounded steps (I19).
CREATE TABLE gateway_gone (
  node_id TEXT PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO gateway_gone (node_id) SELECT DISTINCT node_id FROM presence;

-- What a node is to tell one of its devices, written in the transaction that decided it (F05, F06). kind: 0 tell it of the
-- task's attempt; 1 its session was taken over; 2 it may not be connected.
CREATE TABLE gateway_order (
  id INTEGER PRIMARY KEY,
  node_id TEXT NOT NULL,
  kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
  device_id INTEGER NOT NULL,
  session_id INTEGER,
  task_id INTEGER,
  attempt INTEGER
);
CREATE INDEX gateway_order_of_node ON gateway_order (node_id, id);
CREATE INDEX presence_of_node ON presence (node_id, device_id);
