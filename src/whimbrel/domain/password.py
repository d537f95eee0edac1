"""Which passwords are taken: long ones that nobody guesses first, of whatever characters.

Source: ours, after NIST SP 800-63B 5.1.1: length and a list of the commonest, no rules of composition, no expiry.
"""

from __future__ import annotations

import unicodedata

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 256
NAME_LENGTH_MIN = 4  # a shorter name stands in many words by chance

#: The commonest that are long enough, or are made so by repeating; kept short: it is no dictionary.
_COMMON_WORDS = """
password password1 password12 password123 password1234 password12345 passwordpassword passw0rd passw0rd1234 p@ssword
p@ssw0rd p@ssw0rd123 p@ssw0rd1234 123456789012 1234567890123 12345678901234 123456789012345 1234567890123456
1234567890 0123456789 012345678901 0987654321 987654321098 abcdefghijkl abcdefghijklm abcdefghijklmnopqrstuvwxyz
abcd1234abcd abc123abc123 qwerty qwertyuiop qwertyuiop123 qwertyuiop[] qwertyuiopasdf qwertyuiopasdfghjkl qwerty123456
qwerty1234567 qwerty12345678 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1qazxsw23edc q1w2e3r4t5y6
zaq12wsxcde3 asdfghjkl asdfghjkl123 asdfghjkl;' zxcvbnm zxcvbnm12345 administrator administrator1 admin admin123
adminadmin admin1234567 admin12345678 welcome welcome123 welcome12345 changeme changeme123 changeme1234 letmein
letmein123 letmein12345 letmeinletmein iloveyou iloveyou1234 iloveyouiloveyou trustno1trustno1
correcthorsebatterystaple superman superman1234 football1234 baseball1234 sunshine1234 princess1234 dragon123456
monkey123456 master123456 computer1234 internet1234 whimbrel whimbrel1234 whimbrelwhimbrel secret secretsecret
supersecret123 testtesttest test12345678 temppassword defaultpassword
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def normalized(password: str) -> str:
    """The password as it is hashed: keyboards write the same character in different ways."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, user_name: str) -> str | None:
    """Why a new password is not taken, for a person; None when it is. Lengths count characters."""
    text = normalized(password)
    if not PASSWORD_LENGTH_MIN <= len(text) <= PASSWORD_LENGTH_MAX:
        return f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters, this one has {len(text)}"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "the password holds half a character, which cannot be written down"
    lowered = text.lower()
    name = user_name.lower()
    if any(len(part) >= NAME_LENGTH_MIN and part in lowered for part in (name, name.partition("@")[0])):
        return "the password holds the user name"
    if lowered in _COMMON or _period_of(lowered) in _COMMON or len(set(lowered)) < NAME_LENGTH_MIN:
        return "the password is one of those that are guessed first"
    return None


def _period_of(text: str) -> str:
    """The shortest text that, repeated, makes this one."""
    place = (text + text).index(text, 1)
    return text[:place]
