"""The map of the house: which room may import which, and which third-party name lives where. Extend it here.

A room is a folder or module of `src/whimbrel`, named by its dotted path below the package; a folder of `adapters` is a
room of its own. Rules and messages that use these tables stand in `imports.py`.
"""

from __future__ import annotations

PACKAGE = "whimbrel"

_CORE = frozenset({"domain", "errors"})
_USES = frozenset({"operations", "reports", "engine"})
_DOORS = frozenset({"rpc", "gateway", "transfer", "console", "front"})
_SEEN_BY_DOORS = _CORE | _USES | {"ports", "crash_points", "asgi"}
_ADAPTERS = (
    *("device_channel", "firmware_store", "sealing", "store", "wakeup"),
    *("clock", "identity_provider", "passwords", "randomness"),
)

#: Modules that a room above may see while it must not see the rest of their room: the simulator speaks the device
#: door's codec without reaching the door, and the console enters the hall that the management door leads to.
_PARTS = frozenset({"gateway.packets", "gateway.topics", "rpc.hall", "rpc.parameters", "rpc.throttle"})

#: What each room may import beside itself. Imports point down only (style anchors 3.2). A room that is absent is new:
#: say here what it may see before anything is put into it.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "domain": frozenset({"errors"}),
    # A leaf that every room with IO may name, for the tests that kill the process there.
    "crash_points": frozenset(),
    # The vocabulary of HTTP that the doors share.
    "asgi": frozenset(),
    "setting": frozenset({"errors"}),
    "sign_on_settings": frozenset({"errors", "setting"}),
    "settings": frozenset({"errors", "setting", "sign_on_settings"}),
    "data_folder": frozenset({"errors"}),
    "ports": _CORE,
    **{f"adapters.{port}": _CORE | {"ports", "crash_points"} for port in _ADAPTERS},
    **{room: _CORE | {"ports", "crash_points"} for room in _USES},
    **dict.fromkeys(_DOORS, _SEEN_BY_DOORS),
    "console": _SEEN_BY_DOORS | {"rpc.hall", "rpc.parameters", "rpc.throttle"},
    # Virtual devices know what a vendor device knows, and share the codec; nothing of the server's state or rules.
    "simulator": _CORE | {"gateway.packets", "gateway.topics"},
    # Rollouts in virtual time: the domain's rules and a virtual fleet, without a server.
    "rehearsal": _CORE,
    # The terminal signs like any client, runs virtual devices, reads settings, and starts or checks the application.
    "cli": _SEEN_BY_DOORS | _DOORS | {"settings", "data_folder", "app", "inspection", "simulator"},
    **dict.fromkeys(_PARTS, frozenset[str]()),
    "__main__": frozenset({"cli"}),
    # The composition root alone sees everything.
    "app": _SEEN_BY_DOORS | _DOORS | {"settings", "data_folder", "adapters", "assembly", "entrances", "host"},
    "entrances": _SEEN_BY_DOORS | _DOORS | {"settings", "adapters", "assembly", "host"},
    "host": _SEEN_BY_DOORS | _DOORS | {"settings"},
    "inspection": _CORE | {"settings", "data_folder", "adapters"},
    "assembly": _CORE | {"ports", "settings", "data_folder", "adapters"},
}

#: The rooms (or modules) in which a third-party name may appear. What is absent may appear nowhere.
THIRD_PARTY_ROOMS: dict[str, tuple[str, ...]] = {
    "apsw": ("adapters.store",),
    "argon2": ("adapters.passwords",),
    "asyncpg": ("adapters.store", "adapters.wakeup"),
    "click": ("cli",),
    "cryptography": ("adapters.sealing",),
    "httptools": ("app",),
    "httpx": ("adapters.identity_provider",),
    "joserfc": ("adapters.identity_provider",),
    "msgspec": ("operations", "reports", "rpc", "gateway", "transfer", "console", "cli", "settings", "app"),
    "prometheus_client": ("rpc", "gateway", "transfer", "front"),
    "python_multipart": ("transfer",),
    "starlette": ("console",),
    "uvicorn": ("host", "front"),
    "uvloop": ("app", "cli"),
}

#: Standard modules that do IO, tell the time or roll dice: what the domain needs of them arrives as an argument.
NOT_IN_DOMAIN = frozenset(
    {
        "asyncio",
        "concurrent",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "secrets",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "uuid",
    }
)


def room_of(dotted: str) -> str:
    """The room of a dotted path below the package: `adapters.store.sqlite` is in `adapters.store`."""
    parts = dotted.split(".")
    return ".".join(parts[:2] if parts[0] == "adapters" else parts[:1])


def is_within(dotted: str, room: str) -> bool:
    """True when the dotted path is the room or something in it."""
    return dotted == room or dotted.startswith(f"{room}.")
