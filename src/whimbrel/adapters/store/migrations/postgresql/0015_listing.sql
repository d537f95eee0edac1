-- Lists of devices by the version that they report, of an account's jobs, and of firmware that may not leave (ADR 0059).

-- Which devices report a version. It is written when a device reports another one, which is once in an upgrade.
CREATE INDEX module_version_of_version ON module_version (module_name, version, device_id);

CREATE INDEX job_of_account ON job (account_id, id);
CREATE INDEX job_unfinished_of_account ON job (account_id, id) WHERE status IN ('PLANNED', 'IN_PROGRESS');

-- Firmware that is not verified, is being verified, or failed: it leaves the index when it is verified.
CREATE INDEX firmware_unready ON firmware (account_id, status, id) WHERE status IN (0, 2, 3);
CREATE INDEX firmware_unready_of_product ON firmware (product_id, status, id) WHERE status IN (0, 2, 3);
