"""Questions that are asked together (gateway/ddi/shared_read.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from whimbrel.gateway.ddi.shared_read import READS_AT_ONCE, SharedRead


class TestSharedRead:
    async def test_F20_a_question_in_the_turn_in_which_all_reads_end(self) -> None:
        """It is answered by itself, and does not wait for another question to come."""
        answered = asyncio.Event()

        async def read(questions: Sequence[int]) -> Sequence[int]:
            await answered.wait()
            return questions

        shared = SharedRead(read)

        async def ask_late() -> int:
            await answered.wait()
            return await shared.ask(READS_AT_ONCE)

        first = []
        for question in range(READS_AT_ONCE):
            first.append(asyncio.create_task(shared.ask(question)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        late = asyncio.create_task(ask_late())
        await asyncio.sleep(0)
        answered.set()
        async with asyncio.timeout(30):
            assert await asyncio.gather(*first, late) == [*range(READS_AT_ONCE), READS_AT_ONCE]
