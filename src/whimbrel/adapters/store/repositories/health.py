"""How the devices of a product do, by samples: three bounded statements, and nothing to keep when devices write."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.presence import versions_list
from whimbrel.adapters.store.session import Session, list_total
from whimbrel.domain.fleet_health import JOBS_MAX, SAMPLE_DEVICES, Since, Upgraded, VersionSample


class HealthRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def versions(self, product_id: int, module_name: str, since: Since) -> list[VersionSample]:
        rows = await self._session.all(
            "health_of_versions",
            product_id=product_id,
            module_name=module_name,
            devices_max=SAMPLE_DEVICES,
            from_ms=since.from_ms,
            quiet_ms=since.quiet_ms,
        )
        return [VersionSample._make(row) for row in rows]

    async def upgraded(self, product_id: int, module_name: str, since: Since) -> list[Upgraded]:
        jobs = await self._session.all(
            "newest_upgrades", product_id=product_id, module_name=module_name, jobs_max=JOBS_MAX
        )
        found = []
        for job_id, dest_version in jobs:
            row = await self._session.one(
                "health_of_upgraded",
                job_id=job_id,
                devices_max=SAMPLE_DEVICES,
                from_ms=since.from_ms,
                quiet_ms=since.quiet_ms,
            )
            assert row is not None, "an aggregate has a row"
            found.append(Upgraded(job_id, dest_version, *row))
        return found

    async def devices(self, product_id: int, module_name: str, version: str) -> int:
        return await list_total(self._session, versions_list(product_id, module_name, version))
