"""The rules of lock files as functions of their text: names, versions and hashes, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_NAME = r"[a-z0-9][a-z0-9._-]*"
_PIN = re.compile(rf"({_NAME})==[A-Za-z0-9.+!-]+( ;[^/]*)? \\", re.ASCII)
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?", re.ASCII)
_COMMENT = re.compile(r" *#(?!.*(://|\s/)).*", re.ASCII)
_REQUIREMENT = re.compile(rf"({_NAME})(?:\[[a-z0-9,_-]+\])?\s*(?:[<>=!~].*)?", re.ASCII | re.IGNORECASE)


def pinned_names(text: str) -> set[str]:
    """The packages that a requirements lock pins."""
    return {match[1] for line in text.splitlines() if (match := _PIN.fullmatch(line))}


def required_names(text: str) -> set[str]:
    """The packages that a requirements input asks for, as a lock spells them."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return {lock_name(line) for line in lines if line and not line.startswith("-")}


def lock_name(requirement: str) -> str:
    """`python_multipart>=0.0.20` is locked as `python-multipart`."""
    match = _REQUIREMENT.fullmatch(requirement)
    if match is None:
        raise ValueError(f"not a requirement that is a name and a version range: {requirement!r}")
    return re.sub(r"[-_.]+", "-", match[1]).lower()


def requirements_violations(path: str, text: str) -> Iterator[str]:
    """Lines of a requirements lock that are not a pin, a hash or a comment, and pins without a hash."""
    lines = text.splitlines()
    for number, (line, following) in enumerate(zip(lines, [*lines[1:], ""], strict=True), 1):
        if line and not any(shape.fullmatch(line) for shape in (_PIN, _HASH, _COMMENT)):
            yield f"{path}:{number}: {line.strip()}"
        if _PIN.fullmatch(line) and not _HASH.fullmatch(following):
            yield f"{path}:{number}: {line.strip()} has no hash"


def package_lock_violations(path: str, text: str) -> Iterator[str]:
    """Packages of an npm lock that name where they came from, or that any bytes would satisfy."""
    for name, package in json.loads(text)["packages"].items():
        if "resolved" in package:
            yield f"{path}: {name} names {package['resolved']}"
        if name and "integrity" not in package:
            yield f"{path}: {name} has no integrity"
