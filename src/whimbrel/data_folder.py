"""The data folder's own files: its lock, the master key and the root AccessKey."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from whimbrel.errors import StoreUnavailableError, WhimbrelError

ROOT_KEY_FILE = "root-access-key.json"
LOCK_FILE = "lock"
MASTER_KEY_BYTES = 32
ACCESS_KEY_ID_LENGTH, ACCESS_KEY_SECRET_LENGTH = 24, 32  # letters and digits: 142 and 190 random bits


class DataFolderError(WhimbrelError):
    """The data folder cannot be used; the message says why and what to do."""

    code = "DataFolderError"


def lock_data_folder(folder: Path) -> IO[bytes]:
    """Makes the folder and locks it until the process ends. Raises DataFolderError when another server runs on it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / LOCK_FILE).open("wb")
    except OSError as error:
        raise DataFolderError(f"the data folder {folder} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DataFolderError(
            f"another server runs on the data folder {folder}; stop it or give another --data"
        ) from None
    return lock


def master_key(path: Path) -> bytes:
    """The key that seals secrets, made when absent. Raises StoreUnavailableError."""
    try:
        if not path.exists():
            write_secret(path, os.urandom(MASTER_KEY_BYTES).hex().encode(), replaces=False)
        return bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise StoreUnavailableError(f"the master key {path} cannot be read or made: {error.strerror}") from None
    except ValueError:
        raise StoreUnavailableError(
            f"{path} is not {MASTER_KEY_BYTES} bytes in hex; restore it from a backup"
        ) from None


def root_key(folder: Path, random_text: Callable[[int], str]) -> tuple[str, str]:
    """Id and secret of the root AccessKey in its file, which is written when absent."""
    path = folder / ROOT_KEY_FILE
    if not path.exists():
        key = {
            "AccessKeyId": random_text(ACCESS_KEY_ID_LENGTH),
            "AccessKeySecret": random_text(ACCESS_KEY_SECRET_LENGTH),
        }
        write_secret(path, json.dumps(key).encode())
    try:
        key = json.loads(path.read_text("utf-8"))
        return key["AccessKeyId"], key["AccessKeySecret"]
    except (ValueError, KeyError, TypeError):
        raise DataFolderError(f"{path} is not the key file that the first start writes; remove it") from None


def write_secret(path: Path, content: bytes, *, replaces: bool = True) -> None:
    """Whole or not at all, readable by the owner alone, durable; without `replaces` a file that is there stays."""
    temporary = path.with_suffix(".new" if replaces else f".{os.getpid()}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if replaces:
        temporary.replace(path)
    else:
        # Two processes may start at once on one key: whoever links first has made it, and both then read it.
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
