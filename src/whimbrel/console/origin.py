"""Whether a browser may speak for its person: who wrote the page that sent this request (A10, ADR 0053).

A browser says it in two ways. `Sec-Fetch-Site` is its own judgement and holds behind any proxy, but it is only sent to
https and to this machine. `Origin` is the page's address, to be compared with ours; ours is what `--public-url` says,
or an address that nobody can make a name of theirs lead to: an IP address or localhost.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from whimbrel.asgi import Headers, Scope, header

CALLBACK = "/console/api/oidc-callback"  # where the identity provider sends browsers back to

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"https?://[A-Za-z0-9_.:\[\]-]{1,300}")  # not `null`, which a page says that has none
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::(?P<port>[0-9]{1,5}))?")


def refusal_of(scope: Scope, public_url: str) -> str | None:
    """Why this request is not taken, None when it is. Only a page of the console itself may change anything."""
    is_reading = scope["method"] in ("GET", "HEAD")
    site = _all(scope["headers"], b"sec-fetch-site")
    if site:
        # `none`: the person typed the address. That reads and changes nothing.
        if site == ["same-origin"] or (is_reading and site == ["none"]) or _is_visit(scope):
            return None
        return "this is for pages of the console itself; another site's page sent the request"
    if is_reading:
        return None
    origin, host = header(scope, b"origin"), header(scope, b"host")
    if not origin or not _ORIGIN.fullmatch(origin):
        return "the request names no Origin; only a browser with the console open may send it"
    if _normal(origin) == _normal(public_url):
        return None
    if host is None or _normal(origin) != _normal(f"{origin.partition(':')[0]}://{host}"):
        return "this is for pages of the console itself; another site's page sent the request"
    if not _is_certain(host, public_url):
        return f"this server does not know itself as {host[:253]}; start it with --public-url {origin[:300]}"
    return None


def _is_visit(scope: Scope) -> bool:
    """Whether the browser was led to a page from elsewhere: by a link, as in a mail, or by the identity provider.

    Pages hold nothing of anybody; what comes back from the provider has a state of its own (signing_on.py).
    """
    how = (_all(scope["headers"], b"sec-fetch-mode"), _all(scope["headers"], b"sec-fetch-dest"))
    if scope["method"] != "GET" or how != (["navigate"], ["document"]):
        return False
    return scope["path"] == CALLBACK or not scope["path"].startswith("/console/api/")


def _all(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


def _normal(url: str) -> str:
    """Scheme, host and port as a browser writes an origin; what is no URL stays as it is."""
    scheme, _, rest = url.lower().partition("://")
    match = _HOST.fullmatch(rest.partition("/")[0])
    if match is None:
        return url
    is_default = match["port"] is not None and int(match["port"]) == _DEFAULT_PORTS.get(scheme)
    port = "" if match["port"] is None or is_default else f":{int(match['port'])}"
    return f"{scheme}://{match['name']}{port}"


def _is_certain(host: str, public_url: str) -> bool:
    """Whether no stranger's name can lead here: what is asked for by a name of theirs comes with that name."""
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return False
    name = match["name"].strip("[]")
    if name == "localhost" or name == urlsplit(public_url).hostname:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
