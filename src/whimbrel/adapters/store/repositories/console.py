"""Users of the console, their invitations and sessions."""

from __future__ import annotations

from whimbrel.adapters.store.session import Row, Session, UniqueViolationError
from whimbrel.domain.console_user import (
    SESSION_IDLE_MS_MAX,
    SESSIONS_MAX,
    ConsoleUser,
    Invitation,
    Purpose,
    Role,
    UserSession,
    UserStatus,
    folded,
)
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import ConsoleUserNameTakenError
from whimbrel.ports.store.console import NamedSession, SignedIn

_SESSION_COLUMNS = len(UserSession._fields)


class ConsoleUserRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def by_name(self, account_id: int, name: str) -> ConsoleUser | None:
        row = await self._session.one("console_user_by_name", account_id=account_id, folded=folded(name))
        return _user(row) if row else None

    async def by_id(self, account_id: int, user_id: int) -> ConsoleUser | None:
        row = await self._session.one("console_user_by_id", account_id=account_id, user_id=user_id)
        return _user(row) if row else None

    async def add(self, user: ConsoleUser) -> ConsoleUser:
        try:
            row = await self._session.one(
                "add_console_user",
                account_id=user.account_id,
                name=user.name,
                folded=folded(user.name),
                created_ms=user.created_ms,
                **_changeable(user),
            )
        except UniqueViolationError:
            raise ConsoleUserNameTakenError(f"the account has a user {user.name} already") from None
        assert row is not None
        return user._replace(id=int(row[0]))

    async def put(self, user: ConsoleUser) -> None:
        await self._session.run(
            "put_console_user",
            account_id=user.account_id,
            user_id=user.id,
            **_changeable(user),
        )

    async def delete(self, account_id: int, user_id: int) -> None:
        whose = {"account_id": account_id, "user_id": user_id}
        await self._session.run("end_console_invitation", **whose)
        await self._session.run("end_console_sessions", **whose, kept=0)
        await self._session.run("delete_console_user", **whose)

    async def page(self, account_id: int, page: Page) -> Listing[ConsoleUser]:
        # An account has few users (USERS_MAX), so counting and skipping them costs nothing.
        rows = await self._session.all("console_users_page", account_id=account_id, size=page.size, skip=page.offset)
        return Listing([_user(row) for row in rows], await self.count(account_id))

    async def count(self, account_id: int) -> int:
        row = await self._session.one("console_users_total", account_id=account_id)
        return int(row[0]) if row else 0

    async def count_admins(self, account_id: int, beside_user_id: int = 0) -> int:
        row = await self._session.one("console_admins", account_id=account_id, user_id=beside_user_id)
        return int(row[0]) if row else 0


class ConsoleInvitationRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, invitation: Invitation) -> None:
        await self.end(invitation.account_id, invitation.user_id)
        await self._session.run(
            "add_console_invitation", **invitation._asdict() | {"purpose": invitation.purpose.value}
        )

    async def by_digest(self, token_digest: str) -> Invitation | None:
        row = await self._session.one("console_invitation", token_digest=token_digest)
        if row is None:
            return None
        invitation = Invitation._make(row)
        return invitation._replace(purpose=Purpose(invitation.purpose))

    async def end(self, account_id: int, user_id: int | None) -> None:
        if user_id is None:
            await self._session.run("end_first_console_invitation", account_id=account_id)
        else:
            await self._session.run("end_console_invitation", account_id=account_id, user_id=user_id)

    async def forget_expired(self, now_ms: int, limit: int) -> int:
        return await self._session.run("forget_console_invitations", now_ms=now_ms, limit=limit)


class ConsoleSessionRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, session: UserSession) -> UserSession:
        columns = session._asdict()
        del columns["id"]
        row = await self._session.one("add_console_session", **columns)
        assert row is not None
        await self._session.run(
            "end_console_sessions", account_id=session.account_id, user_id=session.user_id, kept=SESSIONS_MAX
        )
        return session._replace(id=int(row[0]))

    async def by_digest(self, token_digest: str) -> SignedIn | None:
        row = await self._session.one("console_session", token_digest=token_digest)
        if row is None:
            return None
        return SignedIn(UserSession._make(row[:_SESSION_COLUMNS]), _user(row[_SESSION_COLUMNS:-1]), str(row[-1]))

    async def see(self, token_digest: str, now_ms: int) -> None:
        await self._session.run("see_console_session", token_digest=token_digest, now_ms=now_ms)

    async def page(self, account_id: int, user_id: int | None, now_ms: int, page: Page) -> Listing[NamedSession]:
        where: dict[str, object] = {
            "account_id": account_id,
            "now_ms": now_ms,
            "seen_after_ms": now_ms - SESSION_IDLE_MS_MAX,
        }
        lists = "console_sessions"
        if user_id is not None:
            lists, where["user_id"] = "console_sessions_of_user", user_id
        rows = await self._session.all(f"{lists}_page", **where, size=page.size, skip=page.offset)
        total = await self._session.one(f"{lists}_total", **where)
        found = [NamedSession(UserSession._make(row[:-1]), str(row[-1])) for row in rows]
        return Listing(found, int(total[0]) if total else 0)

    async def end(self, account_id: int, session_id: int) -> bool:
        return await self._session.run("end_console_session", account_id=account_id, session_id=session_id) == 1

    async def end_all(self, account_id: int, user_id: int) -> int:
        return await self._session.run("end_console_sessions", account_id=account_id, user_id=user_id, kept=0)

    async def forget_ended(self, now_ms: int, limit: int) -> int:
        return await self._session.run(
            "forget_console_sessions", now_ms=now_ms, seen_before_ms=now_ms - SESSION_IDLE_MS_MAX, limit=limit
        )


def _changeable(user: ConsoleUser) -> dict[str, object]:
    return {
        "role": user.role.value,
        "password_hash": user.password_hash,
        "status": user.status.value,
        "language": user.language,
        "modified_ms": user.modified_ms,
        "last_sign_in_ms": user.last_sign_in_ms,
    }


def _user(row: Row) -> ConsoleUser:
    user = ConsoleUser._make(row)
    return user._replace(role=Role(user.role), status=UserStatus(user.status))
