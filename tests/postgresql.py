"""A private PostgreSQL for tests: Debian's server on a data folder and a socket of its own, ended with the process.

`shared_server()` is one server per test process, made when the first test asks, with fsync off: what a power cut takes
is not what most tests are about, and one that is makes a `PostgresqlServer(fsync=True)` for itself. Each store gets a
database of its own, a copy of a migrated one: `shared_server().new_database()` is its URL, and `drop` forgets it.
"""

from __future__ import annotations

import asyncio
import atexit
import getpass
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Coroutine
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg

from whimbrel.adapters.store.migrate_postgresql import migrate

START_WITHIN_S = 30.0
TEMPLATE = "template_whimbrel"
REUSED_BYTES_MAX = 16 * 1024 * 1024  # an empty one has 9 MiB; what deleted rows leave behind makes the next test slow
#: Differs when a test has changed anything but rows.
SCHEMA = """SELECT
  (SELECT string_agg(concat(relname, relkind, relnatts), ' ' ORDER BY relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace),
  (SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O'), (SELECT count(*) FROM pg_index WHERE indisvalid),
  (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace), (SELECT count(*) FROM schema_migration),
  (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    WHERE d.datname = current_database())"""
#: Another order of text than SQLite's, so that a statement whose answer depends on it is found out.
ORDER_OF_TEXT = ("--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8", "--encoding=UTF8")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "replica",
    "autovacuum": "off",  # a database that was emptied and given again would be planned for as an empty one
    "log_min_messages": "warning",
    "lc_messages": "C",
}


def server_programs() -> Path:
    """The newest server that Debian has installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    assert found, "the tests need PostgreSQL's server: run scripts/install_debian_packages.sh"
    return found[-1].parent


class PostgresqlServer:
    """A server that was started; `end` it. `kill`, `start` and `restart` are for tests of what then happens."""

    def __init__(self, *, fsync: bool) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="whimbrel-pg-"))
        self._data = self._folder / "data"
        self._settings = SETTINGS | ({} if fsync else {"fsync": "off", "full_page_writes": "off"})
        # initdb and postgres refuse root.
        self._user = "postgres" if os.geteuid() == 0 else getpass.getuser()
        self._owner = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        self._admin = _Admin()
        if os.geteuid() == 0:
            found = pwd.getpwnam(self._user)
            os.chown(self._folder, found.pw_uid, found.pw_gid)
        words = ("--auth=trust", "--username=whimbrel", "--no-sync", *ORDER_OF_TEXT)
        self._run("initdb", "--pgdata", str(self._data), *words)
        self.start()

    def url(self, database: str) -> str:
        return f"postgresql://whimbrel@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """The URL of a migrated, empty database."""
        self._template()
        return self._free.pop() if self._free else self._create(TEMPLATE)

    def give_back(self, url: str) -> None:
        """As `drop`, but another may have it, emptied, which is ten times faster than a new one."""
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        self.execute(f"{ended} WHERE datname = current_database() AND pid <> pg_backend_pid()", url)
        [(size_bytes,)] = self.execute("SELECT pg_database_size(current_database())", url)
        if size_bytes > REUSED_BYTES_MAX or self.execute(SCHEMA, url) != self._schema():
            self.drop(url)
            return
        self.script(self._emptying(), url)
        self._free.append(url)

    def empty_database(self) -> str:
        """The URL of a new database that no migration has seen."""
        return self._create("template0")

    def drop(self, url: str) -> None:
        """Whoever is connected is disconnected."""
        name = url.partition("?")[0].rpartition("/")[2]
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, sql: str, url: str | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator; its rows. It needs no event loop, and halts a running one meanwhile."""
        return self._admin.execute(url or self.url("postgres"), sql)

    def script(self, sql: str, url: str) -> None:
        """Run any statements."""
        self._admin.do(_run_script(url, sql))

    def start(self) -> None:
        """Returns when it answers."""
        words = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", str(self._data), "-k", str(self._folder), *words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        self._run("pg_ctl", "status", "--pgdata", str(self._data), check=False)
        self._admin.wait_for(self.url("postgres"), START_WITHIN_S)

    def kill(self) -> None:
        """SIGQUIT: no goodbye and no checkpoint, and, unlike after SIGKILL, no shared memory is left behind."""
        assert self._process is not None
        self._admin.forget()
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(START_WITHIN_S)
        self._process = None

    def kill_backends(self, url: str) -> None:
        """SIGKILL to one backend of the database: the server then throws all connections out and recovers."""
        name = url.partition("?")[0].rpartition("/")[2]
        rows = self.execute(f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()")
        self._admin.forget()
        for (pid,) in rows[:1]:
            os.kill(pid, signal.SIGKILL)

    def restart(self) -> None:
        self.kill()
        self.start()

    def end(self) -> None:
        """Leave no process and no file behind, whatever the test did. A forked child leaves all to its parent."""
        if os.getpid() != self._owner:
            return
        self._admin.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_WITHIN_S)
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    @cache  # noqa: B019  one server a process
    def _emptying(self) -> str:
        tables = self.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migration'",
            self.url(TEMPLATE),
        )
        deletes = (f"DELETE FROM {name};" for (name,) in tables)
        restart = "SELECT setval(CAST(format('%I', sequencename) AS regclass), 1, false) FROM pg_sequences;"
        return f"SET session_replication_role = replica; {' '.join(deletes)} {restart}"

    @cache  # noqa: B019  one server a process
    def _schema(self) -> list[tuple[Any, ...]]:
        return self.execute(SCHEMA, self.url(TEMPLATE))

    @cache  # noqa: B019  one server a process
    def _template(self) -> None:
        self._create("template0", TEMPLATE)
        self._admin.do(migrate(self.url(TEMPLATE), 1))

    def _create(self, template: str, name: str | None = None) -> str:
        name = name or f"store_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def _run(self, program: str, *words: str, check: bool = True) -> None:
        subprocess.run(self._command(program, *words), check=check, capture_output=True, cwd="/")

    def _command(self, program: str, *words: str) -> list[str]:
        """The server ends with the thread that started it, should the tests be killed."""
        become = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            become += ["--reuid", self._user, "--regid", self._user, "--init-groups"]
        return [*become, str(server_programs() / program), *words]


class _Admin:
    """Connections of an event loop in a thread of its own, for callers with and without a loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgresql-admin", daemon=True)
        self._thread.start()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def execute(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.do(self._execute(url, sql))
        return rows

    def wait_for(self, url: str, seconds: float) -> None:
        self.do(asyncio.wait_for(self._wait_for(url), seconds))

    def forget(self) -> None:
        """The server is about to go away."""
        self.do(self._forget())

    def close(self) -> None:
        self.forget()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _execute(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        if not url.partition("?")[0].endswith("/postgres"):
            connection = await asyncpg.connect(url)
            try:
                return [tuple(row) for row in await connection.fetch(sql)]
            finally:
                await connection.close()
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(url)
        return [tuple(row) for row in await self._connection.fetch(sql)]

    async def _wait_for(self, url: str) -> None:
        while True:
            try:
                await self._execute(url, "SELECT 1")
                return
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.02)

    async def _forget(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


async def _run_script(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@cache
def shared_server() -> PostgresqlServer:
    """This process's server; it ends with the process."""
    server = PostgresqlServer(fsync=False)
    atexit.register(server.end)
    return server
