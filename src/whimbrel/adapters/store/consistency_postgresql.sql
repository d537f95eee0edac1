-- What must be true of a PostgreSQL database, in the form of `consistency.sql`.

-- rule: store indexes_are_whole
-- Every index is valid: none was left half made, so the unique ones refuse what they are there to refuse.
SELECT CAST(i.indrelid::regclass AS TEXT) AS of_table, CAST(i.indexrelid::regclass AS TEXT) AS fault
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready AND i.indislive)

-- rule: store references_are_enforced
-- Every reference from row to row is enforced by the database, so it leads to a row.
SELECT CAST(c.conrelid::regclass AS TEXT) AS from_table, CAST(c.conname AS TEXT) AS fault
FROM pg_constraint c
WHERE c.connamespace = current_schema()::regnamespace AND c.contype = 'f'
  AND (NOT c.convalidated OR EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgconstraint = c.oid AND t.tgenabled <> 'O'))
