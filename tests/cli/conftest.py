"""Fixtures of the terminal's tests."""

from collections.abc import Iterator

import pytest

from tests.story.servers import WhimbrelServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    """One running server for a test file, on an empty data folder."""
    running = WhimbrelServer(tmp_path_factory.mktemp("operator") / "var")
    try:
        running.start()
        yield running
    finally:
        running.end()
