"""The contract of the port Passwords: argon2id, as slow as it is meant to be, and bounded (A04, A05, I17)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from whimbrel.adapters.passwords import AT_WORK_MAX, NOBODYS_HASH, WAITING_MAX, Argon2Passwords
from whimbrel.domain.password import PASSWORD_LENGTH_MAX
from whimbrel.errors import ServiceUnavailableError

PASSWORD = "tidal flats at dawn"


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    found = Argon2Passwords()
    yield found
    found.close()


async def test_round_trip(passwords: Argon2Passwords) -> None:
    """A password matches its hash and no other's; two hashes of one differ, and none holds it (A05)."""
    one, two = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)
    assert one != two
    assert PASSWORD not in one
    assert await passwords.matches(PASSWORD, two)
    assert not await passwords.matches(PASSWORD + " ", one)
    assert not await passwords.matches(PASSWORD, await passwords.hash("another one"))


async def test_another_keyboard(passwords: Argon2Passwords) -> None:
    """The same characters, written another way, are the same password."""
    assert await passwords.matches("Caf\u00e9 au lait", await passwords.hash("Cafe\u0301 au lait"))


@pytest.mark.parametrize("password_hash", ["", "x", "$argon2id$", NOBODYS_HASH, NOBODYS_HASH[:-1]])
async def test_A04_what_matches_nothing(password_hash: str, passwords: Argon2Passwords) -> None:
    """No hash, broken ones, and the one that nobody has."""
    assert not await passwords.matches(PASSWORD, password_hash)


@pytest.mark.parametrize("length", [PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MAX + 1, 100_000])
async def test_I17_long_ones(length: int, passwords: Argon2Passwords) -> None:
    """What is longer than any password matches nothing, not even by its beginning."""
    longest = "x" * PASSWORD_LENGTH_MAX
    assert await passwords.matches("x" * length, await passwords.hash(longest)) is (length == PASSWORD_LENGTH_MAX)


async def test_half_a_character(passwords: Argon2Passwords) -> None:
    """A text that cannot be written down matches nothing."""
    assert not await passwords.matches("\ud800", await passwords.hash(PASSWORD))


async def test_A04_nobodys_hash_costs_what_anybodys_does(passwords: Argon2Passwords) -> None:
    """It has today's costs; a hash of other costs is outdated."""
    assert not passwords.is_outdated(NOBODYS_HASH)
    assert not passwords.is_outdated(await passwords.hash(PASSWORD))
    assert passwords.is_outdated(NOBODYS_HASH.replace("t=2", "t=1"))


async def test_I17_those_who_wait_are_bounded(passwords: Argon2Passwords) -> None:
    """Two at work and some waiting; one more is told to come again, and afterwards all is as before."""
    most = AT_WORK_MAX + WAITING_MAX
    found = await asyncio.gather(*(passwords.matches("x", "") for _ in range(most + 1)), return_exceptions=True)
    assert found[:most] == [False] * most
    assert isinstance(found[most], ServiceUnavailableError)
    assert await passwords.matches("x", "") is False
