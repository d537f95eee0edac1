"""A zchunk delta update by Debian's SWUpdate: of a new image, only the chunks that differ are downloaded."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients import zchunk_file
from tests.clients.chunk_forwarder import ChunkForwarder
from tests.clients.conftest import StartSWUpdate
from tests.clients.ddi_back_end import DdiBackEnd, DdiDevice, watch
from tests.clients.relay import Relay
from tests.clients.swu_package import Image, PackageSigner, package
from tests.clients.swupdate import INSTALLED_AND_TESTED

IMAGE_BYTES = 8_000_000
RANGES_MIN = 17
SHARE_MAX = 0.3


@pytest.fixture
def forward(relay: Relay) -> Iterator[Callable[[DdiDevice], ChunkForwarder]]:
    forwarders: list[ChunkForwarder] = []

    def start(device: DdiDevice) -> ChunkForwarder:
        forwarders.append(ChunkForwarder(relay.url, device))
        return forwarders[-1]

    yield start
    for forwarder in forwarders:
        forwarder.end()


def test_delta_update_downloads_the_missing_chunks_only(
    back_end: DdiBackEnd,
    device: DdiDevice,
    forward: Callable[[DdiDevice], ChunkForwarder],
    signer: PackageSigner,
    start_swupdate: StartSWUpdate,
    tmp_path: Path,
) -> None:
    """Beside a package that holds the header stands the whole `.zck`; several ranges of it in one request suffice."""
    client = start_swupdate(device)
    forwarder = forward(device)
    old, new = zchunk_file.images(seed=4, size_bytes=IMAGE_BYTES)
    chunked = zchunk_file.in_chunks(new, tmp_path)
    running, installed = client.folder / "running.img", client.folder / "installed.img"
    running.write_bytes(old)
    properties = (("url", forwarder.url("os.zck")), ("chain", "rawfile"), ("source", str(running)))
    image = Image("os.header", chunked.header, installed, "delta", (*properties, ("zckloglevel", "error")))
    files = {"os.swu": package("2.0.0", [image], signer), "os.zck": chunked.content}
    job_id = back_end.release(device, "2.0.0", files)

    client.wait_for_log("SWUPDATE successful")
    watch("installation", installed.exists, bool)
    assert installed.read_bytes() == new
    assert max(asked.count(",") + 1 for asked in forwarder.ranges) >= RANGES_MIN, "many ranges came in one request"
    print(
        "delta:",
        len(new),
        len(chunked.content),
        chunked.header_bytes,
        forwarder.bytes_down,
        [r.count(",") + 1 for r in forwarder.ranges],
    )
    assert 0 < forwarder.bytes_down < SHARE_MAX * len(chunked.content)
    client.wait_for_log("pending testing")
    client.restart(update_state=INSTALLED_AND_TESTED)
    back_end.watch_task(job_id, "SUCCEEDED")
