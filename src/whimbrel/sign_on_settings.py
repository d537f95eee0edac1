"""The settings of single sign-on by OpenID Connect: off unless `oidc-issuer` is given (ADR 0067)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from whimbrel.setting import Setting, SettingsError

SECRET_LENGTH_MAX = 1_024
ROLES_MAX = 100  # values of the role's claim
ROLE_NAMES = ("VIEWER", "RELEASER", "ADMIN")
_CLAIM = re.compile(r"[!-~]{1,200}")  # some providers name claims by an address
_CLIENT_ID = re.compile(r"[!-~]{1,256}")
_SCOPES = re.compile(r"openid(?: [!#-\[\]-~]{1,100}){0,20}")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

SETTINGS = (
    Setting(
        "oidc-issuer",
        None,
        "URL",
        "The OpenID Connect provider at which people may sign in to the console, as it calls itself; https, or http on "
        "this machine. Nothing is asked of it before somebody signs in. Off when absent.",
    ),
    Setting("oidc-client-id", None, "TEXT", "How the provider knows this server."),
    Setting(
        "oidc-client-secret",
        None,
        "TEXT",
        "The client's secret, or `file:FILE` that holds it; absent for a client without one.",
        is_secret=True,
    ),
    Setting("oidc-scopes", "openid email profile", "LIST", "What the provider is asked for, beginning with `openid`."),
    Setting(
        "oidc-user-claim",
        "email",
        "CLAIM",
        "The claim that is the user's name: `email`, which has to be verified, or another, as `preferred_username`.",
    ),
    Setting(
        "oidc-role-claim",
        None,
        "CLAIM",
        "The claim whose values give roles, as `groups`: then the provider decides who comes in, and as what. When "
        "absent only users come in that are here already, with the role they have here.",
    ),
    Setting(
        "oidc-roles",
        None,
        "LIST",
        "Which value of that claim gives which role, as `ota-admins=ADMIN,ota-team=RELEASER,staff=VIEWER`; the highest "
        "wins, and without any nobody comes in.",
    ),
)


class SignOnSettings(NamedTuple):
    """`client_secret` is '' for a client without one; `roles` is empty without a `role_claim`."""

    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    user_claim: str
    role_claim: str
    roles: tuple[tuple[str, str], ...]


def read_sign_on(texts: Mapping[str, str | None]) -> SignOnSettings | None:
    """None without an issuer. Raises SettingsError, which never shows the secret."""
    issuer, client_id = texts["oidc-issuer"], texts["oidc-client-id"]
    if issuer is None:
        given = next((name for name in ("oidc-client-id", "oidc-role-claim", "oidc-roles") if texts[name]), None)
        if given is not None:
            raise SettingsError(f"{given} needs oidc-issuer")
        return None
    if client_id is None or _CLIENT_ID.fullmatch(client_id) is None:
        raise SettingsError("oidc-issuer needs oidc-client-id, 1 to 256 characters without blanks")
    if (texts["oidc-role-claim"] is None) != (texts["oidc-roles"] is None):
        raise SettingsError("oidc-role-claim and oidc-roles must be given together")
    scopes = texts["oidc-scopes"] or ""
    if _SCOPES.fullmatch(scopes) is None:
        raise SettingsError(f"oidc-scopes must be `openid` and others, one blank between them; given was {scopes}")
    return SignOnSettings(
        _issuer(issuer),
        client_id,
        _secret(texts["oidc-client-secret"]),
        scopes,
        _claim("oidc-user-claim", texts["oidc-user-claim"] or ""),
        _claim("oidc-role-claim", texts["oidc-role-claim"]) if texts["oidc-role-claim"] is not None else "",
        _roles(texts["oidc-roles"]),
    )


def _issuer(text: str) -> str:
    try:
        url = urlsplit(text)
        is_local = url.scheme == "http" and url.hostname in _LOOPBACK
        is_whole = bool(url.hostname) and not (url.query or url.fragment or url.username or url.password)
        _ = url.port
    except ValueError:
        is_local = is_whole = False
        url = urlsplit("")
    if not is_whole or not (url.scheme == "https" or is_local) or len(text) > 300:
        raise SettingsError(
            f"oidc-issuer must be https://HOST[/PATH], or http:// on this machine; given was {text[:300]}"
        )
    return text


def _secret(text: str | None) -> str:
    given = text or ""
    if given.startswith("file:"):
        path = Path(given.removeprefix("file:"))
        try:
            given = path.read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"oidc-client-secret cannot be read from {path}: {error}") from None
        if not given:
            raise SettingsError(f"oidc-client-secret cannot be read from {path}: it is empty")
    if len(given) > SECRET_LENGTH_MAX or not given.isprintable():
        raise SettingsError(f"oidc-client-secret has at most {SECRET_LENGTH_MAX} printable characters")
    return given


def _claim(name: str, text: str | None) -> str:
    if _CLAIM.fullmatch(text or "") is None:
        raise SettingsError(f"{name} must be the name of a claim, given was {text}")
    return text or ""


def _roles(text: str | None) -> tuple[tuple[str, str], ...]:
    if text is None:
        return ()
    found = []
    for part in text.split(","):
        value, _, role = part.strip().rpartition("=")
        if not value or role not in ROLE_NAMES:
            raise SettingsError(f"oidc-roles must be VALUE={'|'.join(ROLE_NAMES)},…; given was {part}")
        found.append((value, role))
    if len(found) > ROLES_MAX or len({value for value, _ in found}) < len(found):
        raise SettingsError(f"oidc-roles takes up to {ROLES_MAX} values, each once")
    return tuple(found)
