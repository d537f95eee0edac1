"""For all tests: what the process that started them may have switched off is on again, generated examples are the same
ones each time, and long files come early.
"""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

#: Rooms whose tests start servers and wait for them, and single files that take long.
LONG = ("story", "browser", "cli", "clients", "contract", "engine", "rehearsal", "test_app.py", "test_readme.py")
LONG_FILES = ("surface/test_schemathesis.py", "surface/test_forged_calls.py", "gateway/test_acl.py")
HERE = Path(__file__).parent

# What failed here fails there: new examples are looked for by `make fuzz`. How long one takes decides nothing.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None, max_examples=1_000, print_blob=True)
settings.load_profile("same")

# A shell that starts something in the background makes it deaf to Ctrl-C, and all that it starts after it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long file, a short one, and so on: of two processes one waits while the other works, and neither has a long
    file left when the other has nothing more to do.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path.relative_to(HERE).as_posix(), []).append(item)
    long = [name for name in files if name.partition("/")[0] in LONG or name in LONG_FILES]
    short = [name for name in files if name not in long]
    mixed = [name for pair in zip(long, short, strict=False) for name in pair]
    items[:] = [item for name in dict.fromkeys([*mixed, *long, *short]) for item in files[name]]
