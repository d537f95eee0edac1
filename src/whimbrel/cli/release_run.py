"""Runs a release, or the following of a job, to its end: whatever ends it is told last and gives the exit status."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from whimbrel.cli.access import Access
from whimbrel.cli.api import Api, RefusedError
from whimbrel.cli.following import AWAITING_APPROVAL, EndedError, Patience, follow_job
from whimbrel.cli.form_upload import UploadRefusedError
from whimbrel.cli.lookup import find_product
from whimbrel.cli.release_display import Display
from whimbrel.cli.release_events import AwaitingApproval, Ended, FilesRead, Outcome
from whimbrel.cli.release_firmware import Verification, bring_firmware, verify
from whimbrel.cli.release_job import Consent, bring_job
from whimbrel.cli.release_plan import Plan


class Run:
    """One run, and what it has come to."""

    def __init__(self, access: Access, display: Display, wait_minutes: int | None) -> None:
        """Raises click.UsageError without a server or a key."""
        deadline_s = None if wait_minutes is None else time.monotonic() + 60 * wait_minutes
        self.patience = Patience(Api(access.server, access.credentials), display, deadline_s)
        self.firmware_id: str | None = None
        self.job_id: str | None = None

    def release(self, plan: Plan, verification: Verification, consent: Consent, waits: bool) -> EndedError:
        """Every step of a release. Raises EndedError, RefusedError, UploadRefusedError, ConnectionError."""
        patience = self.patience
        product = find_product(patience.api, plan.product)
        files = tuple(
            {"name": file.path.name, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in plan.files
        )
        patience.display.tell(FilesRead(product.key, product.name, plan.version, plan.module, files))
        firmware = bring_firmware(patience, plan, product, verification)
        self.firmware_id = firmware["firmwareId"]
        verify(patience, firmware, verification)
        job_id = bring_job(patience, plan, firmware, consent)
        if waits:
            return self.follow(job_id)
        if patience.ask("XQueryOTARollout", {"JobId": job_id})["data"]["state"] == AWAITING_APPROVAL:
            waiting = AwaitingApproval(job_id)
            patience.display.tell(waiting)
            return EndedError(Outcome.STARTED, waiting.words, job_id)
        return EndedError(Outcome.STARTED, f"job {job_id} goes on; `whimbrel follow {job_id}` shows it", job_id)

    def follow(self, job_id: str) -> EndedError:
        """What came of a job. Raises as `release`."""
        self.job_id = job_id
        return follow_job(self.patience, job_id)

    def to_end(self, steps: Callable[[], EndedError]) -> int:
        """The exit status of these steps, after their last event."""
        try:
            end = steps()
        except EndedError as early:
            end = early
        except (RefusedError, UploadRefusedError, ConnectionError) as error:
            end = EndedError(Outcome.REFUSED, str(error))
        except click.UsageError as error:
            end = EndedError(Outcome.WRONG_COMMAND_LINE, error.message)
        except (KeyboardInterrupt, click.Abort):
            end = EndedError(Outcome.INTERRUPTED, self._goes_on())
        job_id = end.job_id or self.job_id
        ended = Ended(end.outcome.word, end.outcome.exit_status, str(end), self.firmware_id, job_id)
        self.patience.display.tell(ended)
        return end.outcome.exit_status

    def _goes_on(self) -> str:
        if self.job_id is None:
            return "interrupted; the same command goes on from here"
        return (
            f"interrupted, but job {self.job_id} goes on: `whimbrel follow {self.job_id}` shows it, "
            f"`whimbrel pause {self.job_id} --reason …` holds it back"
        )
