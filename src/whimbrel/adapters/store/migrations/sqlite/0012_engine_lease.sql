-- Which of several processes with the role engine leads.

-- At most one row, which the first leader makes. `token` grows with each leader and is compared in every transaction that
-- decides something (I18); `beat` grows while the leader lives; no clock is compared (F17). A holder '' leads no more.
CREATE TABLE engine_lease (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  token INTEGER NOT NULL,
  beat INTEGER NOT NULL
) WITHOUT ROWID;
