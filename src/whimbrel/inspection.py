"""What the operator's checks do: they read a store, beside a running server or on a copy, and change nothing in it."""

from __future__ import annotations

from contextlib import closing

from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.audit_check import ChainFinding as ChainFinding
from whimbrel.adapters.store.audit_check import Kept as Kept
from whimbrel.adapters.store.audit_check import Snapshots, chain_findings
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.adapters.store.consistency import Finding as Finding
from whimbrel.adapters.store.sqlite_reader import SqliteReader
from whimbrel.data_folder import master_key
from whimbrel.errors import StoreUnavailableError
from whimbrel.settings import Settings


async def check(settings: Settings, *, reads_firmware: bool) -> list[Finding]:
    """What `whimbrel check` finds in the store and, unless told otherwise, in the firmware files.

    Raises StoreUnavailableError when there is no store of this release.
    """
    # Never started: a start would make folders and remove what uploads left.
    firmware_store = DiskFirmwareStore(settings.firmware_folder, new_name=str) if reads_firmware else None
    try:
        if settings.database_url is not None:
            return await _check_postgresql(settings.database_url, firmware_store)
        assert settings.database_file is not None
        with closing(ConsistencyCheck(settings.database_file)) as checking:
            findings = list(checking.findings())
            if firmware_store is not None:
                findings.append(await checking.objects_finding(firmware_store))
            return findings
    finally:
        if firmware_store is not None:
            await firmware_store.close()


async def verify_audit(settings: Settings, kept: list[Kept]) -> list[ChainFinding]:
    """The state of each account's audit chain. Raises StoreUnavailableError."""
    if not settings.master_key.exists():
        raise StoreUnavailableError(f"there is no master key at {settings.master_key}, and the chains are keyed by it")
    sealer = AesGcmSealer(master_key(settings.master_key))
    if settings.database_url is not None:
        return await _verify_postgresql(settings.database_url, sealer, kept)
    assert settings.database_file is not None
    with closing(SqliteReader(settings.database_file, sealer)) as reader:
        return await _chains(reader.snapshot, sealer, kept)


async def _chains(snapshots: Snapshots, sealer: AesGcmSealer, kept: list[Kept]) -> list[ChainFinding]:
    return [finding async for finding in chain_findings(snapshots, sealer, kept)]


async def _check_postgresql(url: str, firmware_store: DiskFirmwareStore | None) -> list[Finding]:
    # Imported here: the embedded store does not pay for the driver.
    from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck

    checking = await PostgresqlConsistencyCheck.open(url)
    try:
        findings = [finding async for finding in checking.findings()]
        if firmware_store is not None:
            findings.append(await checking.objects_finding(firmware_store))
        return findings
    finally:
        await checking.close()


async def _verify_postgresql(url: str, sealer: AesGcmSealer, kept: list[Kept]) -> list[ChainFinding]:
    from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
    from whimbrel.adapters.store.postgresql import PostgresqlStore

    # Opened and closed for its look at the schema: the store itself would say only that a statement failed.
    await (await PostgresqlConsistencyCheck.open(url)).close()
    store = PostgresqlStore(url, sealer)
    try:
        return await _chains(store.snapshot, sealer, kept)
    finally:
        await store.close()
