"""Users of the console, their invitations and their sessions. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.console_user import ConsoleUser, Invitation, UserSession
from whimbrel.domain.paging import Listing, Page


class SignedIn(NamedTuple):
    """A session with whose it is."""

    session: UserSession
    user: ConsoleUser
    account: str


class NamedSession(NamedTuple):
    """A session with its user's name, for lists."""

    session: UserSession
    user_name: str


class ConsoleUsers(Protocol):
    async def by_name(self, account_id: int, name: str) -> ConsoleUser | None:
        """Whatever the case of its letters."""
        ...

    async def by_id(self, account_id: int, user_id: int) -> ConsoleUser | None: ...
    async def add(self, user: ConsoleUser) -> ConsoleUser:
        """With the id it gets. Raises ConsoleUserNameTakenError."""
        ...

    async def put(self, user: ConsoleUser) -> None:
        """All but the name and the birth."""
        ...

    async def delete(self, account_id: int, user_id: int) -> None:
        """With invitation and sessions."""
        ...

    async def page(self, account_id: int, page: Page) -> Listing[ConsoleUser]:
        """Newest first."""
        ...

    async def count(self, account_id: int) -> int: ...
    async def count_admins(self, account_id: int, beside_user_id: int = 0) -> int:
        """Active admins who have a password or have signed in without one, beside one of them."""
        ...


class ConsoleInvitations(Protocol):
    async def put(self, invitation: Invitation) -> None:
        """It takes the place of the user's open one, or of the account's open one for its first admin."""
        ...

    async def by_digest(self, token_digest: str) -> Invitation | None: ...
    async def end(self, account_id: int, user_id: int | None) -> None:
        """The user's open one is void; None: the account's for its first admin."""
        ...

    async def forget_expired(self, now_ms: int, limit: int) -> int:
        """Drop at most `limit` that are expired; how many."""
        ...


class ConsoleSessions(Protocol):
    async def add(self, session: UserSession) -> UserSession:
        """With the number it gets. A user's oldest ends when there would be more than SESSIONS_MAX."""
        ...

    async def by_digest(self, token_digest: str) -> SignedIn | None:
        """Also one that has expired: who asks compares with the time."""
        ...

    async def see(self, token_digest: str, now_ms: int) -> None:
        """It was used now."""
        ...

    async def page(self, account_id: int, user_id: int | None, now_ms: int, page: Page) -> Listing[NamedSession]:
        """Those that are open, newest first; of all users with None."""
        ...

    async def end(self, account_id: int, session_id: int) -> bool:
        """False when the account has no such session."""
        ...

    async def end_all(self, account_id: int, user_id: int) -> int:
        """All of a user; how many."""
        ...

    async def forget_ended(self, now_ms: int, limit: int) -> int:
        """Drop at most `limit` whose time is over; how many."""
        ...
