"""What a job would do: its devices walked through in chunks, as `targets.py` and `births.py` would take them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable

from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.targets import candidates_of_share
from whimbrel.adapters.store.session import Row, Session
from whimbrel.domain.gray import KEYS, gray_devices, gray_start, order_factor
from whimbrel.domain.job import SRC_VERSIONS_MAX, JobDraft, TargetSelection
from whimbrel.domain.preview import SLICE_PLACES, SLICES, Candidate
from whimbrel.domain.task import OVERWRITABLE

DEVICES_PER_CHUNK = 500  # 3 ms on SQLite: 10 may hold the loop
KEYS_PER_CHUNK = 5_000  # of which hardly any is looked at: some 2 ms
_BLOCK_BYTES = 1 << 16


class PreviewRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def candidates(
        self, draft: JobDraft, device_ids: tuple[int, ...], slices: frozenset[int] | None = None
    ) -> AsyncIterator[list[Candidate]]:
        if slices is not None and not slices:
            return
        async for chunk in self._chunks(draft, device_ids, slices):
            yield chunk if slices is None else [one for one in chunk if one.place // SLICE_PLACES in slices]
            await asyncio.sleep(0)

    async def names(self, device_ids: Collection[int]) -> dict[int, str]:
        return dict(await self._session.all("device_names", **given(device_ids))) if device_ids else {}

    def _chunks(
        self, draft: JobDraft, device_ids: tuple[int, ...], slices: frozenset[int] | None
    ) -> AsyncIterator[list[Candidate]]:
        if draft.target_selection == TargetSelection.GROUP:
            return self._members(draft)
        if draft.device_list_key:
            return self._list(draft)
        if device_ids:
            return self._named(draft, device_ids)
        # Where a share ends only walking it tells.
        is_share = draft.target_selection == TargetSelection.GRAY
        return self._all(draft) if slices is None or is_share else self._of_slices(draft, slices)

    async def _named(self, draft: JobDraft, device_ids: tuple[int, ...]) -> AsyncIterator[list[Candidate]]:
        yield _candidates(await self._session.all("preview_devices", **given(device_ids), **_where(draft)))

    async def _all(self, draft: JobDraft) -> AsyncIterator[list[Candidate]]:
        """The product's devices, or those of a share, up to its end."""
        left = None
        if draft.target_selection == TargetSelection.GRAY:
            left = gray_devices(draft.gray_percent, await candidates_of_share(self._session, draft))
        async for keys in self._keys(draft, DEVICES_PER_CHUNK):
            chunk = _candidates(await self._session.all("preview_keys", **keys, **_where(draft), **_rule(draft)))
            if left is not None:
                # A share is of the devices at the source versions, whether they have the new one or not.
                chunk = [candidate for candidate in chunk if candidate.is_source][:left]
                left -= len(chunk)
            yield chunk
            if left == 0:
                return

    async def _of_slices(self, draft: JobDraft, slices: frozenset[int]) -> AsyncIterator[list[Candidate]]:
        where = {
            **_where(draft),
            **_rule(draft),
            "slices": "".join("1" if number in slices else "0" for number in range(SLICES)),
        }
        async for keys in self._keys(draft, KEYS_PER_CHUNK):
            yield _candidates(await self._session.all("preview_slices", **keys, **where))

    async def _keys(self, draft: JobDraft, devices_max: int) -> AsyncIterator[dict[str, object]]:
        """Once around the keys, from where a share begins, so many devices at a time."""
        start = gray_start(_seed(draft))
        for after, end in ((start - 1, KEYS), (-1, start)):
            while after < end - 1:
                where = {"product_id": draft.product_id, "after": after, "limit": end}
                row = await self._session.one("gray_bound", devices_max=devices_max, **where)
                bound = int(row[0]) if row else end - 1
                yield {"after": after, "bound": bound}
                after = bound

    async def _members(self, draft: JobDraft) -> AsyncIterator[list[Candidate]]:
        after, is_whole = 0, False
        while not is_whole:
            rows = await self._session.all(
                "preview_members",
                group_row_id=draft.group_row_id,
                after=after,
                devices_max=DEVICES_PER_CHUNK,
                **_where(draft),
            )
            yield _candidates(row[1:] for row in rows if row[1] is not None)
            is_whole = len(rows) < DEVICES_PER_CHUNK
            after = rows[-1][0] if rows else after

    async def _list(self, draft: JobDraft) -> AsyncIterator[list[Candidate]]:
        seen, after = _SeenIds(), 0
        where = {"object_key": draft.device_list_key}
        while row := await self._session.one("next_list_part", after=after, **where):
            after = int(row[0])
            rows = await self._session.all("preview_list_part", number=after, **where, **_where(draft))
            yield [candidate for candidate in _candidates(rows) if seen.is_new(candidate.device_id)]


class _SeenIds:
    """Which ids there were, a bit each: a list may name a device twice, in parts far from each other."""

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}

    def is_new(self, number: int) -> bool:
        block, place = divmod(number >> 3, _BLOCK_BYTES)
        bits = self._blocks.setdefault(block, bytearray(_BLOCK_BYTES))
        mask = 1 << (number & 7)
        is_new = not bits[place] & mask
        bits[place] |= mask
        return is_new


def _where(draft: JobDraft) -> dict[str, object]:
    """The parameters of `preview_columns`."""
    sources = draft.source_versions
    padded = [*sources, *[""] * (SRC_VERSIONS_MAX - len(sources))]
    return {
        "product_id": draft.product_id,
        "module_name": draft.module_name,
        "dest_version": draft.dest_version,
        "has_sources": int(bool(sources)),
        "open_scope": draft.open_scope,
        "order_factor": order_factor(_seed(draft)),
        # What may be overwritten stands in nobody's way.
        "busy_from": max(OVERWRITABLE, key=lambda status: status.value).value + 1 if draft.overwrites else 0,
        **{f"source_{number}": version for number, version in enumerate(padded)},
    }


def _rule(draft: JobDraft) -> dict[str, object]:
    """The parameter of `is_of_rule`: only a dynamic group is chosen among all devices."""
    return {"rule_group_id": draft.group_row_id or 0}


def _seed(draft: JobDraft) -> int:
    assert draft.rollout.seed is not None, "a preview has a seed"
    return draft.rollout.seed


def _candidates(rows: Iterable[Row]) -> list[Candidate]:
    return [Candidate(row[0], row[1], bool(row[2]), bool(row[3]), bool(row[4]), bool(row[5])) for row in rows]
