"""Who may see and make accounts: the operator, by a key of the first account that may do everything (I15)."""

from __future__ import annotations

from whimbrel.domain.access import OPERATOR_ACCOUNT
from whimbrel.errors import ForbiddenError
from whimbrel.operations.access.keys import require_root
from whimbrel.operations.declaration import Context


async def require_operator(context: Context) -> None:
    """Raises ForbiddenError unless the caller's key has all rights and belongs to the operator's account."""
    await require_root(context)
    account = await context.store.accounts.by_id(context.caller.account_id)
    if account is None or account.name != OPERATOR_ACCOUNT:
        raise ForbiddenError(f"only an AccessKey of the account {OPERATOR_ACCOUNT} may do this")
