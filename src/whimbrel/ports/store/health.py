"""How the devices of a product do, by samples. Part of the port `store`."""

from __future__ import annotations

from typing import Protocol

from whimbrel.domain.fleet_health import Since, Upgraded, VersionSample


class FleetHealth(Protocol):
    """Bounded by SAMPLE_DEVICES and JOBS_MAX, however large the fleet is."""

    async def versions(self, product_id: int, module_name: str, since: Since) -> list[VersionSample]:
        """Of a sample of the product's devices which is the same each time; all of them when it has no more.

        '' is the version of devices that never reported one. The most frequent first.
        """
        ...

    async def upgraded(self, product_id: int, module_name: str, since: Since) -> list[Upgraded]:
        """Of the newest jobs for the module, newest first: each by the devices that it told first."""
        ...

    async def devices(self, product_id: int, module_name: str, version: str) -> int:
        """How many devices report the version: counted, not sampled."""
        ...
