"""Names of deleted products and devices: their rows stay for the jobs and tasks they had, and their names are free."""

from __future__ import annotations

DELETED_MARK = "~"  # no name of a product or a device can hold it; the row's id follows


def shown_name(stored_name: str) -> str:
    """The name as it was before its product or device was deleted."""
    return stored_name.partition(DELETED_MARK)[0]
