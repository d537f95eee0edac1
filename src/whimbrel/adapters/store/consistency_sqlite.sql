-- What must be true of a SQLite file, in the form of `consistency.sql`.

-- rule: store file_is_sound
-- The database file is what SQLite wrote.
SELECT integrity_check AS fault FROM pragma_integrity_check WHERE integrity_check <> 'ok'

-- rule: store references_lead_somewhere
-- Every reference from row to row leads to a row.
SELECT "table" AS from_table, rowid AS from_row, parent AS to_table FROM pragma_foreign_key_check
