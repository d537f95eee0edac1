-- Lists of devices by the version that they report, and of an account's jobs (ADR 0059).

-- Which devices report a version. It is written when a device reports another one, which is once in an upgrade.
CREATE INDEX module_version_of_version ON module_version (module_name, version, device_id);

CREATE INDEX job_of_account ON job (account_id, id);
CREATE INDEX job_unfinished_of_account ON job (account_id, id) WHERE status IN ('PLANNED', 'IN_PROGRESS');
