"""Port `passwords`: argon2id in a few threads of its own: neither the loop nor the memory suffers (I17)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from whimbrel.domain.password import PASSWORD_LENGTH_MAX, normalized
from whimbrel.errors import ServiceUnavailableError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: Twice the work of the least that OWASP's cheat sheet asks for (m = 46 MiB, t = 1, p = 1). Measured: 66 ms.
TIME_COST, MEMORY_KIB, LANES = 2, 47_104, 1
AT_WORK_MAX = 2  # 92 MiB at once; more are no faster on two cores
WAITING_MAX = 16  # a second of work in front of the last
#: Of a random text that nobody has, with the costs above: who is unknown is compared with it (A04).
NOBODYS_HASH = "$argon2id$v=19$m=47104,t=2,p=1$nM6mX3kgXk9kiUZlDdMiAg$wS5G22m1UYFCv6fU1MHFk26rFcUIpgwNQ2M2JqT98pY"

T = TypeVar("T")


class Argon2Passwords:
    """Of one process. `close` it at the end."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_WORK_MAX, "password")
        self._under_way = 0

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def hash(self, password: str) -> str:
        return await self._run(lambda: _hasher().hash(normalized(password)))

    async def matches(self, password: str, password_hash: str) -> bool:
        # No password is longer, and none may cost more for being so.
        text = normalized(password[: PASSWORD_LENGTH_MAX + 1])
        is_one = len(text) <= PASSWORD_LENGTH_MAX and password_hash != "" and len(password) <= PASSWORD_LENGTH_MAX
        return await self._run(lambda: _is_of(text, password_hash if is_one else NOBODYS_HASH)) and is_one

    def is_outdated(self, password_hash: str) -> bool:
        return _hasher().check_needs_rehash(password_hash)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._under_way >= AT_WORK_MAX + WAITING_MAX:
            raise ServiceUnavailableError("too many people sign in at this moment; repeat it in some seconds")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1


def _hasher() -> PasswordHasher:
    # Imported here: a start, and a server that nobody signs in to, do not pay for it (50 ms).
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)


def _is_of(text: str, password_hash: str) -> bool:
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(password_hash, text.encode("utf-8", "replace"))
    except (Argon2Error, InvalidHashError):
        return False
