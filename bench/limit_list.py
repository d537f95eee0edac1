"""The limit that signed ListOTAFirmware is held against: the same work with nothing around it, as raw ASGI.

It parses, checks HMAC-SHA1, clock and a durable nonce, reads a page of ten and its total, and writes the same JSON.
What makes a server of it (other operations, errors, permissions, dialects, limits) is missing on purpose: whatever it
cannot serve raises. Run by the benchmark: `python -m bench.limit_list DATA_FOLDER NONCE_FILE PORT`.
"""

from __future__ import annotations

import hmac
import json
import re
import sys
import time
import uuid
from base64 import b64encode
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import apsw
import msgspec
import uvicorn

TOTAL = """SELECT p.id, c.n FROM product p JOIN list_count c ON c.list = 'firmware:1:product:' || p.id AND c.block = -1
WHERE p.account_id = 1 AND p.product_key = ?"""
PAGE = """SELECT f.id, f.name, f.description, CASE f.sign_method WHEN 'MD5' THEN f.md5 ELSE f.sha256 END,
  f.sign_method, f.size_bytes, f.dest_version, f.src_version, f.module_name, p.product_key, p.name, f.status, f.type,
  f.created_ms, f.modified_ms
FROM firmware f JOIN product p ON p.id = f.product_id WHERE f.product_id = ? ORDER BY f.id DESC LIMIT ? OFFSET ?"""
WINDOW_SECONDS = 900
DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1).toordinal()
TWO = [f"{number:02d}" for number in range(60)]
THREE = [f"{number:03d}" for number in range(1000)]

is_unreserved = re.compile(r"[A-Za-z0-9._~-]*").fullmatch


class Row(msgspec.Struct, rename="camel"):
    """One firmware, its members in the order of PAGE."""

    firmware_id: str
    firmware_name: str
    firmware_desc: str
    firmware_sign: str
    sign_method: str
    firmware_size: int
    dest_version: str
    src_version: str
    module_name: str
    product_key: str
    product_name: str
    status: int
    type: int
    utc_create: str
    utc_modified: str


class Limit:
    """The ASGI application. One account, one AccessKey."""

    def __init__(self, data: Path, nonces: Path) -> None:
        key = json.loads((data / "root-access-key.json").read_text())
        self.key_id, self.key = key["AccessKeyId"], f"{key['AccessKeySecret']}&".encode()
        self.rows = apsw.Connection(str(data / "whimbrel.db"), flags=apsw.SQLITE_OPEN_READONLY)
        self.rows.execute("PRAGMA cache_size=-65536")
        self.rows.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # else each call plans LIMIT's new value again
        self.nonces = apsw.Connection(str(nonces))
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=8000"):
            self.nonces.execute(f"PRAGMA {setting}").fetchall()
        self.nonces.execute("CREATE TABLE nonce (nonce TEXT PRIMARY KEY) WITHOUT ROWID")
        self.encode = msgspec.json.Encoder().encode

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = self.answer(scope["query_string"].decode()) if scope["path"] == "/" else b"serving"
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def answer(self, query: str) -> bytes:
        sent = {name: unquote(text) for name, _, text in [pair.partition("=") for pair in query.split("&")]}
        signature = sent.pop("Signature").encode()
        encoded = {name: text if is_unreserved(text) else quote(text, safe="~") for name, text in sent.items()}
        canonical = "&".join([f"{name}={encoded[name]}" for name in sorted(encoded)])
        text = f"GET&%2F&{canonical.replace('%', '%25').replace('=', '%3D').replace('&', '%26')}"
        is_right = hmac.compare_digest(b64encode(hmac.digest(self.key, text.encode(), "sha1")), signature)
        assert is_right
        assert sent["AccessKeyId"] == self.key_id
        assert abs(datetime.fromisoformat(sent["Timestamp"]).timestamp() - time.time()) < WINDOW_SECONDS
        self.nonces.execute("INSERT INTO nonce VALUES (?)", (sent["SignatureNonce"],))  # raises for a used one
        number, size = int(sent["CurrentPage"]), int(sent["PageSize"])
        product_id, total = next(self.rows.execute(TOTAL, (sent["ProductKey"],)))
        found = self.rows.execute(PAGE, (product_id, size, (number - 1) * size))
        firmware = [
            Row(str(row[0]), *row[1:13], _utc_text(row[13]), _utc_text(row[14]))  # type: ignore[call-arg]
            for row in found
        ]
        fields = {
            "code": "",
            "requestId": str(uuid.uuid4()),
            "success": True,
            "total": total,
            "pageCount": -(-total // size),
            "pageSize": size,
            "currentPage": number,
            "firmwareInfo": {"simpleFirmwareInfo": firmware},
        }
        return self.encode(fields)


def _utc_text(epoch_ms: Any) -> str:
    day, ms = divmod(epoch_ms, DAY_MS)
    return (
        f"{_day_text(day)}T{TWO[ms // 3_600_000]}:{TWO[ms // 60_000 % 60]}:{TWO[ms // 1000 % 60]}.{THREE[ms % 1000]}Z"
    )


@cache
def _day_text(epoch_day: int) -> str:
    return date.fromordinal(EPOCH + epoch_day).isoformat()


if __name__ == "__main__":
    uvicorn.run(
        Limit(Path(sys.argv[1]), Path(sys.argv[2])),
        port=int(sys.argv[3]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
