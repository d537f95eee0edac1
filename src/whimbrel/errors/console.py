"""Refusals of the console's own door: who signs in, and how. Their codes are ours."""

from __future__ import annotations

from whimbrel.errors.root import WhimbrelError


class ConsoleError(WhimbrelError):
    """Nobody is signed in by this call."""


class SignInRefusedError(ConsoleError):
    """The same for a wrong password, an unknown or disabled user and an unknown account (A04)."""

    code = "WrongNameOrPassword"
    default_message = "no user has this name and password"


class TooManyAttemptsError(ConsoleError):
    code = "TooManyAttempts"
    default_message = "there were too many failed sign-ins; try again when Retry-After says"

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many failed sign-ins; try again in {retry_after_s} seconds")


class LinkOverError(ConsoleError):
    code = "LinkOver"
    default_message = "this link was used, has ended, or was replaced by a newer one; ask for another"


class PasswordRefusedError(ConsoleError):
    code = "PasswordRefused"
    default_message = "this password is not taken"


class UserNameRefusedError(ConsoleError):
    code = "UserNameRefused"
    default_message = "this user name is not taken"


class IdentityProviderError(ConsoleError):
    code = "ProviderUnavailable"
    default_message = "the identity provider cannot be asked now"


class SignOnRefusedError(ConsoleError):
    """What the identity provider said lets nobody in; the message is for the server's log."""

    code = "SignOnRefused"
    default_message = "the identity provider's word lets nobody in here"


class NotSignedInError(ConsoleError):
    code = "NotSignedIn"
    default_message = "nobody is signed in; sign in again"


class ForeignPageError(ConsoleError):
    code = "ForeignPage"
    default_message = "this call did not come from a page of this console"
