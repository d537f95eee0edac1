"""`whimbrel follow`: a job, live, to its end."""

from __future__ import annotations

import sys

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.completions import complete_jobs
from whimbrel.cli.interrupting import heed_sigterm
from whimbrel.cli.release_display import open_display
from whimbrel.cli.release_plan import read_minutes
from whimbrel.cli.release_run import Run


@click.command()
@click.argument("job", shell_complete=complete_jobs)
@with_access
@click.option("--wait-timeout", metavar="TIME", help="Wait no longer than this: 90m, 2d. Default: no end.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines on a terminal too.")
def follow(job: str, access: Access, wait_timeout: str | None, as_json: bool) -> None:
    """Show how JOB goes out until it has ended or its gate halts it.

    Output and exit status are those of `whimbrel release`.
    """
    wait_minutes = None if wait_timeout is None else read_minutes("--wait-timeout", wait_timeout)
    run = Run(access, open_display(as_json), wait_minutes)
    heed_sigterm()
    sys.exit(run.to_end(lambda: run.follow(job)))
