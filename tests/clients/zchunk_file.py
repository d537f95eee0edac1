"""Makes the files of a zchunk delta update, with zchunk's own tools: an image in chunks, and the header alone."""

import random
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

WORDS = 4_000
#: The tools cut a chunk where the content says so, about every 32 KiB; these changes touch more chunks than a vendor
#: device may have ranges in one request (16), and fewer than SWUpdate asks for at once (150).
CHANGES = 30
CHANGE_BYTES = 100


class ZchunkFile(NamedTuple):
    """A `.zck`: its header, which a package carries, is its beginning."""

    content: bytes
    header_bytes: int

    @property
    def header(self) -> bytes:
        return self.content[: self.header_bytes]


def images(seed: int, size_bytes: int) -> tuple[bytes, bytes]:
    """An image and its next version, which differs in a few places; neither compresses to nothing."""
    chance = random.Random(seed)
    words = [chance.randbytes(chance.randint(3, 30)) for _ in range(WORDS)]
    old = bytearray()
    while len(old) < size_bytes:
        old += chance.choice(words)
    new = bytearray(old)
    for number in range(CHANGES):
        begin = (number * len(new)) // CHANGES
        new[begin : begin + CHANGE_BYTES] = chance.randbytes(CHANGE_BYTES)
    return bytes(old), bytes(new)


def in_chunks(content: bytes, folder: Path) -> ZchunkFile:
    """The image as SWUpdate needs it: SHA-256, and digests of what is not compressed."""
    image, chunked = folder / "image.bin", folder / "image.zck"
    image.write_bytes(content)
    subprocess.run(["zck", "-u", "-h", "sha256", "-o", chunked, image], check=True)
    told = subprocess.run(["zck_read_header", "-v", chunked], check=True, capture_output=True, text=True).stdout
    size = re.search(r"Header size: *(\d+)", told)
    assert size is not None, told
    return ZchunkFile(chunked.read_bytes(), int(size[1]))
