"""The cookie that holds a session's token, and how a request's is read (ADR 0053).

It names no Path: a browser then keeps it to the folder of the answer that set it, which is the console's `api/` under
whatever prefix a proxy serves it. So it must be set by the answers of `api/NAME` itself, never deeper.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from whimbrel.asgi import Headers

NAME = "whimbrel_session"
TOKEN_LENGTH_MAX = 256
_is_token = re.compile(r"[A-Za-z0-9_.~-]{1,256}").fullmatch


class SessionCookie(NamedTuple):
    """Its name and what is said of it, both by the public URL."""

    name: str
    attributes: str

    @staticmethod
    def of(public_url: str, name: str = NAME, same_site: str = "Strict") -> SessionCookie:
        """With https a prefix, by which a browser takes it from no other host and over nothing but TLS.

        `__Host-` needs the path `/`, so it is for a host that is all ours.
        """
        url = urlsplit(public_url)
        if url.scheme != "https":
            return SessionCookie(name, f"HttpOnly; SameSite={same_site}")
        if url.path.strip("/"):
            return SessionCookie(f"__Secure-{name}", f"HttpOnly; SameSite={same_site}; Secure")
        return SessionCookie(f"__Host-{name}", f"Path=/; HttpOnly; SameSite={same_site}; Secure")

    def set_to(self, token: str, lasts_s: int) -> str:
        """The value of a Set-Cookie header that opens a session in this browser."""
        return f"{self.name}={token}; Max-Age={lasts_s}; {self.attributes}"

    def ended(self) -> str:
        """The value of a Set-Cookie header that takes it out of the browser."""
        return f"{self.name}=; Max-Age=0; {self.attributes}"

    def token_in(self, headers: Headers) -> str | None:
        """The token of a request. None when there is none, or several: another host of the site may have set one."""
        found = [
            value.strip()
            for name, line in headers
            if name == b"cookie"
            for key, _, value in (pair.partition("=") for pair in line.decode("latin-1").split(";"))
            if key.strip() == self.name
        ]
        return found[0] if len(found) == 1 and _is_token(found[0]) else None
