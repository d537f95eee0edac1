"""`whimbrel pause`, `resume`, `approve`, `reject` and `cancel`: a job is held back, let go on, or ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from whimbrel.cli.access import Access, with_access
from whimbrel.cli.api import Api, RefusedError
from whimbrel.cli.completions import complete_held_jobs, complete_jobs, complete_waiting_jobs

_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why, for who reads it later.")


@click.command()
@click.argument("job", shell_complete=complete_jobs)
@with_access
@_REASON
def pause(job: str, access: Access, reason: str) -> None:
    """Hold JOB back: nobody is told of it any more, and what devices have begun they finish."""
    _call(access, "XPauseOTAJob", {"JobId": job, "Reason": reason})
    click.echo(f"job {job} is paused", err=True)


@click.command()
@click.argument("job", shell_complete=complete_held_jobs)
@with_access
@_REASON
def resume(job: str, access: Access, reason: str) -> None:
    """Let JOB go on that was paused, or that its gate has halted."""
    _call(access, "XResumeOTAJob", {"JobId": job, "Reason": reason})
    click.echo(f"job {job} goes on", err=True)


@click.command()
@click.argument("job", shell_complete=complete_waiting_jobs)
@with_access
@_REASON
def approve(job: str, access: Access, reason: str) -> None:
    """Let JOB go that waits for a second person. It needs another key than the one that made the job."""
    _call(access, "XApproveOTAJob", {"JobId": job, "Reason": reason})
    click.echo(f"job {job} is approved", err=True)


@click.command()
@click.argument("job", shell_complete=complete_waiting_jobs)
@with_access
@_REASON
def reject(job: str, access: Access, reason: str) -> None:
    """Cancel JOB for good while it waits for a second person."""
    _call(access, "XRejectOTAJob", {"JobId": job, "Reason": reason})
    click.echo(f"job {job} is rejected", err=True)


@click.command()
@click.argument("job", shell_complete=complete_jobs)
@with_access
@click.option("--in-progress", is_flag=True, help="Also what devices have begun.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def cancel(job: str, access: Access, in_progress: bool, yes: bool) -> None:
    """Cancel what JOB has not done yet; a dynamic one takes no more devices. This cannot be taken back; `pause` can."""
    if not yes:
        click.confirm(f"Cancel job {job}?", abort=True, err=True)
    found = _call(access, "QueryOTAJob", {"JobId": job})["data"]
    if found["selectionType"] == "DYNAMIC":
        # First, or it would go on to take devices while its tasks are cancelled.
        _call(access, "CancelOTAStrategyByJob", {"JobId": job})
    if found["jobStatus"] == "PLANNED":
        flags = ["CancelScheduledTask"]
    else:
        flags = ["CancelQueuedTask", "CancelNotifiedTask", *(["CancelInProgressTask"] if in_progress else [])]
    _call(access, "CancelOTATaskByJob", {"JobId": job, **dict.fromkeys(flags, "true")})
    click.echo(f"job {job} is cancelled", err=True)


def _call(access: Access, action: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        return Api(access.server, access.credentials).ask(action, parameters)
    except (RefusedError, ConnectionError) as error:
        raise click.ClickException(str(error)) from None
