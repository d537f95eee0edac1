"""Pages (api-contract 1.5)."""

from __future__ import annotations

import pytest

from whimbrel.domain.paging import Page, page_count


@pytest.mark.parametrize(
    ("number", "size", "offset"), [(1, 10, 0), (2, 10, 10), (3, 7, 14), (1_000_001, 200, 200_000_000)]
)
def test_offset(number: int, size: int, offset: int) -> None:
    """A page begins after the pages in front of it."""
    assert Page(number, size).offset == offset


@pytest.mark.parametrize(
    ("total", "size", "pages"), [(0, 10, 0), (1, 10, 1), (9, 10, 1), (10, 10, 1), (11, 10, 2), (5, 1, 5)]
)
def test_page_count(total: int, size: int, pages: int) -> None:
    """The last page may be short, and an empty list has no page."""
    assert page_count(total, size) == pages
