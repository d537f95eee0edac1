"""A busy server for a long time: rollout after rollout, and memory that does not follow."""

import time

import pytest

from tests.story.fleet import FLEET_DEVICES, SETTLE_WITHIN_S, first_device_name, online, wait_until
from tests.story.releaser import Releaser
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

WARM_UP_S = 60.0
SOAK_S = 900.0
MEMORY_GROWTH_KIB_MAX = 32 * 1024


@pytest.mark.soak
@pytest.mark.usefixtures("fleet")
def test_I17_memory_stays_flat_over_many_rollouts(lone_server: WhimbrelServer, fleet_product: str) -> None:
    """After a minute the server's peak memory hardly grows any more in a quarter of an hour of rollouts."""
    client = SignedClient(lone_server)
    wait_until(lambda: online(client, fleet_product) == FLEET_DEVICES, "all devices online")
    releaser = Releaser(lone_server, fleet_product, first_device_name(client, fleet_product))
    releaser.start()
    time.sleep(WARM_UP_S)
    warm_kib = lone_server.peak_memory_kib()
    time.sleep(SOAK_S)
    growth_kib = lone_server.peak_memory_kib() - warm_kib
    releaser.stopping.set()
    releaser.join(SETTLE_WITHIN_S)
    assert releaser.error is None, releaser.error
    assert len(releaser.jobs) > 100, "the fleet was busy"
    assert growth_kib < MEMORY_GROWTH_KIB_MAX
