"""Every setting once: its name, default and meaning. This module alone reads the environment and `whimbrel.toml`.

The command line wins, then the environment (`WHIMBREL_PUBLIC_URL`), then the file (`public-url = "…"`).
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from whimbrel.setting import Setting, SettingsError
from whimbrel.sign_on_settings import SETTINGS as SIGN_ON_SETTINGS
from whimbrel.sign_on_settings import SignOnSettings, read_sign_on

__all__ = ["SETTINGS", "Address", "Setting", "Settings", "SettingsError", "load_settings"]

FILE_NAME = "whimbrel.toml"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
ROLES = ("api", "gateway", "console", "engine")
PUBLIC_URL_LENGTH_MAX = 200  # device SDKs hold host and path of a link in 256 characters each (device-protocol 4)
PORT_MAX = 65_535
ADDRESS_CONNECTS_DEFAULT = 500  # behind one address may be all devices of a building, back after a power cut
NUMBER_MAX = 1_000_000
_NUMBER = re.compile(r"[0-9]{1,7}")
_PORT = re.compile(r"[0-9]{1,5}")
_DDI_LIMITS = re.compile(r"([1-9][0-9]{0,6}),([1-9][0-9]{0,6})")
_PUBLIC_URL = re.compile(
    r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:/[A-Za-z0-9._~/-]*)?"
)
# Strict, because the driver's errors quote what it took for a port or an option, and with a `/`, `?` or `#` that was
# not escaped that is a piece of the password.
_POSTGRESQL_HOST = r"(?:[A-Za-z0-9._%-]*|\[[0-9A-Fa-f:.%]+\])(?::[0-9]{1,5})?"
_POSTGRESQL_URL = re.compile(
    rf'postgres(?:ql)?://(?:[!"$-.0->A-Z\\^-~]+@)?{_POSTGRESQL_HOST}(?:,{_POSTGRESQL_HOST})*/[A-Za-z0-9._~%-]+'
    r"(?:\?[a-z_]+=[!-%'-~]*(?:&[a-z_]+=[!-%'-~]*)*)?"
)


SETTINGS = (
    Setting("data", "var", "DIR", "Folder of everything the embedded default stores; made when absent."),
    Setting(
        "listen",
        "127.0.0.1:8686",
        "HOST:PORT",
        "Management API, uploads, downloads, health and metrics: one port.",
    ),
    Setting("mqtt", "127.0.0.1:1883", "HOST:PORT", "Devices over MQTT."),
    Setting(
        "database",
        None,
        "URL",
        "`sqlite:FILE`, or `postgresql://USER:PASSWORD@HOST:PORT/NAME`, which several processes may share; "
        "`sqlite:DIR/whimbrel.db` when absent.",
    ),
    Setting(
        "master-key",
        None,
        "FILE",
        "The key that secrets are sealed with, made at the first start; processes on one PostgreSQL share it. "
        "`DIR/master.key` when absent.",
    ),
    Setting("firmware", None, "URL", "`file:FOLDER` of the firmware files; `file:DIR/firmware` when absent."),
    Setting(
        "public-url",
        None,
        "URL",
        "What devices and browsers can reach; every link is built from it, never from a Host header. "
        "From --listen when absent.",
    ),
    Setting(
        "quotas",
        "off",
        "off|vendor",
        "`vendor` holds callers to the vendors' commercial quotas as well: 500 packages, 1,000 products, 10 modules "
        "and 500,000 devices a product, and calls a second of each action, counted in each process.",
    ),
    Setting(
        "trusted-proxies",
        None,
        "LIST",
        "Networks (`10.0.0.0/8,::1/128`) of proxies that are believed what they say of a DDI device's certificate "
        "(`X-Controller-Id`, `X-Authority`) and of a console visitor's address (`X-Forwarded-For`); from everybody "
        "else these headers are ignored.",
    ),
    Setting(
        "ddi-limits",
        "200,50",
        "READS,WRITES",
        "DDI requests a second of one address, polls and reports; `off` for none. Loopback and trusted proxies are not "
        "counted.",
    ),
    Setting(
        "address-connects",
        str(ADDRESS_CONNECTS_DEFAULT),
        "NUMBER",
        "Device logins and registrations a second from one IP address, or one IPv6 network of 64 bits, with twenty "
        "seconds' worth at once; the rest is told to come back. 0 for no limit, as behind a proxy on another machine; "
        "this machine itself is never limited.",
    ),
    Setting(
        "account-connections",
        "0",
        "NUMBER",
        "Devices of one account that may be connected to this process at once; 0 for no limit.",
    ),
    *SIGN_ON_SETTINGS,
    Setting("role", ",".join(ROLES), "LIST", "Which parts this process runs."),
    Setting("tls-cert", None, "FILE", "Certificate chain (PEM) for HTTP and MQTT."),
    Setting("tls-key", None, "FILE", "The certificate's private key (PEM)."),
    Setting(
        "insecure",
        "false",
        "",
        "Allow listening beyond loopback without TLS, as behind a proxy that ends it.",
        is_flag=True,
    ),
    Setting(
        "debug",
        "false",
        "",
        "Log more, and name whatever holds the event loop for longer than 10 ms. Slower.",
        is_flag=True,
    ),
    Setting("access-key-id", None, "TEXT", "The root AccessKey's id, instead of a random one.", is_secret=True),
    Setting("access-key-secret", None, "TEXT", "The root AccessKey's secret, instead of a random one.", is_secret=True),
)


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Settings(NamedTuple):
    """All settings, checked. `public_url` has no trailing slash."""

    data: Path
    listen: Address
    mqtt: Address
    database_file: Path | None
    database_url: str | None
    master_key: Path
    firmware_folder: Path
    public_url: str | None
    has_vendor_quotas: bool
    trusted_proxies: tuple[Network, ...]
    ddi_limits: tuple[int, int] | None
    address_connects: int
    account_connections: int
    roles: frozenset[str]
    tls_cert: Path | None
    tls_key: Path | None
    insecure: bool
    debug: bool
    access_key: tuple[str, str] | None
    sign_on: SignOnSettings | None = None


def load_settings(command_line: Mapping[str, str | None], environment: Mapping[str, str], folder: Path) -> Settings:
    """The settings in force. `command_line` has names as in SETTINGS; `folder` may hold `whimbrel.toml`.

    Raises SettingsError.
    """
    in_file = _read_file(folder / FILE_NAME)
    texts: dict[str, str | None] = {}
    for setting in SETTINGS:
        given = (command_line.get(setting.name), environment.get(setting.variable), in_file.get(setting.name))
        texts[setting.name] = next((text for text in given if text is not None), setting.default)
    settings = _check(texts)
    _refuse_plain_text(settings)
    return settings


def _read_file(path: Path) -> dict[str, str]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    known = {setting.name for setting in SETTINGS}
    unknown = [name for name in document if name not in known]
    if unknown:
        raise SettingsError(f"{path} has the unknown setting {unknown[0]}; known are {', '.join(sorted(known))}")
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in document.items()}


def _check(texts: Mapping[str, str | None]) -> Settings:
    data = Path(texts["data"] or "var")
    key_id, key_secret = texts["access-key-id"], texts["access-key-secret"]
    if (key_id is None) != (key_secret is None):
        raise SettingsError("access-key-id and access-key-secret must be given together")
    if (texts["tls-cert"] is None) != (texts["tls-key"] is None):
        raise SettingsError("tls-cert and tls-key must be given together")
    database_url = _postgresql_url(texts["database"])
    return Settings(
        data=data,
        listen=_address("listen", texts["listen"]),
        mqtt=_address("mqtt", texts["mqtt"]),
        database_file=None if database_url else _path("database", texts["database"], "sqlite", data / "whimbrel.db"),
        database_url=database_url,
        master_key=_optional_path(texts["master-key"]) or data / "master.key",
        firmware_folder=_path("firmware", texts["firmware"], "file", data / "firmware"),
        public_url=_public_url(texts["public-url"]),
        has_vendor_quotas=_quotas(texts["quotas"] or ""),
        trusted_proxies=_networks(texts["trusted-proxies"]),
        ddi_limits=_limits(texts["ddi-limits"] or ""),
        address_connects=_number("address-connects", texts["address-connects"]),
        account_connections=_number("account-connections", texts["account-connections"]),
        roles=_roles(texts["role"] or ""),
        tls_cert=_optional_path(texts["tls-cert"]),
        tls_key=_optional_path(texts["tls-key"]),
        insecure=_flag("insecure", texts["insecure"]),
        debug=_flag("debug", texts["debug"]),
        access_key=(key_id, key_secret) if key_id and key_secret else None,
        sign_on=read_sign_on(texts),
    )


def _refuse_plain_text(settings: Settings) -> None:
    if settings.tls_cert is not None or settings.insecure:
        return
    for name, address in (("listen", settings.listen), ("mqtt", settings.mqtt)):
        if not _is_loopback(address.host):
            raise SettingsError(
                f"{name} {address} is reachable from elsewhere without TLS; give tls-cert and tls-key, or --insecure "
                "when a proxy in front ends TLS"
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(name: str, text: str | None) -> Address:
    host, _, port = (text or "").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or _PORT.fullmatch(port) is None or int(port) > PORT_MAX:
        raise SettingsError(f"{name} must be HOST:PORT, given was {text}")
    return Address(host, int(port))


def _path(name: str, text: str | None, scheme: str, default: Path) -> Path:
    if text is None:
        return default
    given, _, path = text.partition(":")
    if given != scheme or not path:
        # What looks like a URL with a password, as of another database, is not shown (A05).
        shown = f"{given}:…" if "@" in path else text
        raise SettingsError(f"{name} must be {scheme}:PATH in this release, given was {shown}")
    return Path(path.removeprefix("//") if path.startswith("///") else path)


def _public_url(text: str | None) -> str | None:
    if text is None:
        return None
    match = _PUBLIC_URL.fullmatch(text)
    port = match["port"] if match else None
    if match is None or len(text) > PUBLIC_URL_LENGTH_MAX or (port is not None and int(port) > PORT_MAX):
        raise SettingsError(
            f"public-url must be http(s)://HOST[:PORT][/PATH] of at most {PUBLIC_URL_LENGTH_MAX} characters, "
            f"given was {text}"
        )
    return text.rstrip("/")


def _postgresql_url(text: str | None) -> str | None:
    """The URL when it names a PostgreSQL; errors never show it, for it may hold a password."""
    if text is None or not text.startswith(("postgresql:", "postgres:")):
        return None
    if _POSTGRESQL_URL.fullmatch(text) is None:
        raise SettingsError(
            "database must be postgresql://USER:PASSWORD@HOST:PORT/NAME; what was given is not of that form (in a "
            "password / is written %2F, ? %3F, # %23 and @ %40)"
        )
    return text


def _quotas(text: str) -> bool:
    if text not in ("off", "vendor"):
        raise SettingsError(f"quotas must be off or vendor, given was {text}")
    return text == "vendor"


def _networks(text: str | None) -> tuple[Network, ...]:
    return tuple(_network(part.strip()) for part in (text or "").split(",") if part.strip())


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise SettingsError(f"trusted-proxies must be networks like 10.0.0.0/8, given was {text} ({error})") from None
    if network.prefixlen == 0:
        raise SettingsError(f"trusted-proxies must not be everybody, given was {text}; whom it names is believed")
    return network


def _limits(text: str) -> tuple[int, int] | None:
    if text == "off":
        return None
    match = _DDI_LIMITS.fullmatch(text)
    if match is None:
        raise SettingsError(f"ddi-limits must be READS,WRITES a second, each from 1, or off; given was {text}")
    return int(match[1]), int(match[2])


def _number(name: str, text: str | None) -> int:
    if _NUMBER.fullmatch(text or "") is None or int(text or "") > NUMBER_MAX:
        raise SettingsError(f"{name} must be a whole number from 0 to {NUMBER_MAX}, given was {text}")
    return int(text or "")


def _roles(text: str) -> frozenset[str]:
    roles = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not roles or not roles <= set(ROLES):
        raise SettingsError(f"role must be a list of {', '.join(ROLES)}, given was {text}")
    return roles


def _flag(name: str, text: str | None) -> bool:
    if (text or "").lower() not in ("true", "false", "1", "0"):
        raise SettingsError(f"{name} must be true or false, given was {text}")
    return (text or "").lower() in ("true", "1")


def _optional_path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
