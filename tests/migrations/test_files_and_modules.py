"""What migration 0005 makes of a store that has uploads, firmware and jobs of the first release."""

from __future__ import annotations

from pathlib import Path

import apsw

from whimbrel.adapters.store.migrate_sqlite import migrate, migrations
from whimbrel.adapters.store.sqlite import open_connection

OLD_ROWS = """
INSERT INTO account VALUES (1, 'default', 1);
INSERT INTO product VALUES (1, 1, 'k', x'00', 'lamp', 0, NULL, 'WIFI', 'secret', '', '', '', '', 1, 1);
INSERT INTO upload (object_key, account_id, issued_ms, expires_ms) VALUES ('key', 1, 1, 2);
INSERT INTO firmware (account_id, product_id, module_name, name, dest_version, src_version, type, status, sign_method,
  sha256, md5, size_bytes, description, udi, object_key, created_ms, modified_ms)
VALUES (1, 1, 'default', 'fw', '2', '', 0, -1, 'MD5', 'sha256', 'md5', 8, '', '', 'key', 1, 1);
INSERT INTO job (account_id, product_id, firmware_id, firmware_name, module_name, dest_version, required_version,
  sha256, md5, size_bytes, sign_method, firmware_type, udi, job_type, status, target_selection, need_push, need_confirm,
  tags, fill_until, is_filled, created_ms, modified_ms)
VALUES (1, 1, 1, 'fw', 'default', '2', '', 'sha256', 'md5', 8, 'MD5', 0, '', 'UPGRADE_FIRMWARE', 'IN_PROGRESS', 'ALL',
  1, 0, '[]', 0, 1, 1, 1);
"""


def one(connection: apsw.Connection, query: str) -> tuple[object, ...]:
    row: tuple[object, ...] = connection.execute(query).fetchone()
    return row


def test_F24_rows_of_the_first_release_keep_their_meaning(tmp_path: Path) -> None:
    """Uploads are for firmware, firmware and jobs have the one file of their row, and products have no other module."""
    connection = open_connection(tmp_path / "whimbrel.db")
    migrate(connection, 1, migrations()[:1])
    connection.execute(OLD_ROWS)
    migrate(connection, 2)
    assert one(connection, "SELECT purpose FROM upload") == ("firmware",)
    assert one(connection, "SELECT file_count, sha256, md5, size_bytes FROM firmware") == (0, "sha256", "md5", 8)
    assert one(connection, "SELECT files, sha256, md5, size_bytes FROM job") == ("[]", "sha256", "md5", 8)
    assert one(connection, "SELECT (SELECT count(*) FROM firmware_file), (SELECT count(*) FROM ota_module)") == (0, 0)
    connection.close()
