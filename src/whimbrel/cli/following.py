"""Follows a job until something has come of it: asks again and again, tells what changed, and says the outcome."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from whimbrel.cli.api import Api, RefusedError
from whimbrel.cli.release_display import Display
from whimbrel.cli.release_events import AwaitingApproval, Failures, Outcome, Progress, ServerAway

POLL_S = 1.0
#: What nothing happens to is asked about less often.
QUIET_POLL_S = 5.0
QUIET_POLLS = 30
#: A server that is started again, or fails over, is back by then.
AWAY_S_MAX = 180.0
REASONS_SHOWN = 5
FAILED_READ = 100
_BUSY_CODES = ("ServiceUnavailable", "Throttling", "iot.system.SystemException")
_ENDED, _HALTED, AWAITING_APPROVAL = "ENDED", "HALTED", "AWAITING_APPROVAL"


class EndedError(Exception):
    """Ends a release or a wait, wherever it is; the text is for people."""

    def __init__(self, outcome: Outcome, words: str, job_id: str | None = None) -> None:
        super().__init__(words)
        self.outcome = outcome
        self.job_id = job_id


_Done = TypeVar("_Done")


class Patience(NamedTuple):
    """Asks a server that may be away or busy, until the deadline (monotonic seconds; None: no end)."""

    api: Api
    display: Display
    deadline_s: float | None = None

    def ask(self, action: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """The answer of a call that may be repeated. Raises RefusedError, ConnectionError, EndedError."""
        return self.repeat(lambda: self.api.ask(action, parameters))

    def repeat(self, deed: Callable[[], _Done]) -> _Done:
        """What comes of something that may be done again. Raises as `ask`, and whatever else the deed raises."""
        since_s, told = time.monotonic(), ""
        while True:
            try:
                return deed()
            except (RefusedError, ConnectionError) as error:
                if isinstance(error, RefusedError) and not error.code.startswith(_BUSY_CODES):
                    raise
                if time.monotonic() - since_s > AWAY_S_MAX:
                    raise
                if not told:
                    told = str(error)
                    self.display.tell(ServerAway(told))
            self.rest(POLL_S)

    def rest(self, seconds: float, job_id: str | None = None) -> None:
        """Let time pass. Raises EndedError when the time for waiting is over."""
        if self.deadline_s is not None and time.monotonic() + seconds > self.deadline_s:
            goes_on = f"; job {job_id} goes on" if job_id else ""
            raise EndedError(Outcome.TIMED_OUT, f"the time for waiting is over{goes_on}", job_id)
        time.sleep(seconds)


def follow_job(patience: Patience, job_id: str) -> EndedError:
    """What came of the job: completed, halted by its gate, failed in part, cancelled. Raises as Patience.ask.

    A pause is waited for: somebody means to resume it.
    """
    progress = watch(patience, job_id, lambda data: data["state"] in (_ENDED, _HALTED))
    tasks = progress.tasks
    if progress.state == _HALTED:
        return EndedError(Outcome.HALTED, f"job {job_id} was halted by its gate: {progress.reason}", job_id)
    told = f"{tasks['succeeded']} devices have succeeded"
    why = f" ({progress.reason})" if progress.reason else ""
    if tasks["canceled"] or _status(patience, job_id) == "CANCELED":
        return EndedError(
            Outcome.CANCELED, f"job {job_id} was cancelled: {told}, {tasks['canceled']} were cancelled{why}", job_id
        )
    if tasks["failed"]:
        return EndedError(Outcome.DEVICES_FAILED, f"job {job_id} has ended: {told}, {tasks['failed']} failed", job_id)
    return EndedError(Outcome.COMPLETED, f"job {job_id} is completed: {told}", job_id)


def watch(patience: Patience, job_id: str, is_over: Callable[[Mapping[str, Any]], bool]) -> Progress:
    """Tell progress and failures whenever they change, until the answer of XQueryOTARollout says that it is over."""
    shown, failed_shown, quiet = None, 0, 0
    while True:
        data = patience.ask("XQueryOTARollout", {"JobId": job_id})["data"]
        progress = _progress(job_id, data)
        quiet = quiet + 1 if progress == shown else 0
        if progress != shown:
            patience.display.tell(progress)
            if progress.state == AWAITING_APPROVAL and (shown is None or shown.state != AWAITING_APPROVAL):
                patience.display.tell(AwaitingApproval(job_id))
        is_last = is_over(data)
        failed = progress.tasks["failed"]
        # Each time a tenth more, or a large rollout that goes wrong would say little else.
        if failed > failed_shown and (is_last or failed > failed_shown * 1.1):
            patience.display.tell(_failures(patience, job_id, failed))
            failed_shown = failed
        if is_last:
            return progress
        shown = progress
        patience.rest(QUIET_POLL_S if quiet > QUIET_POLLS else POLL_S, job_id)


def _progress(job_id: str, data: Mapping[str, Any]) -> Progress:
    stages = data.get("stages", {}).get("stage", [])
    under_way = [row["number"] for row in stages if row["state"] != "WAITING"]
    tasks = data["tasks"]
    return Progress(
        job_id=job_id,
        state=data["state"],
        stage=max(under_way, default=0) if len(stages) > 1 else 0,
        stages=len(stages) if len(stages) > 1 else 0,
        tasks={
            word: tasks[name]
            for word, name in (
                ("confirm", "confirm"),
                ("queued", "queued"),
                ("notified", "notified"),
                ("in_progress", "inProgress"),
                ("succeeded", "succeeded"),
                ("failed", "failed"),
                ("canceled", "canceled"),
            )
        },
        at_risk=data["atRisk"],
        at_risk_max=data.get("atRiskMax"),
        failing=data["failing"],
        silent=data["silent"],
        reason=data.get("holdReason", ""),
    )


def _failures(patience: Patience, job_id: str, failed: int) -> Failures:
    wanted = {"JobId": job_id, "TaskStatus": "FAILED", "CurrentPage": "1", "PageSize": str(FAILED_READ)}
    rows = patience.ask("ListOTATaskByJob", wanted)["data"]["simpleOTATaskInfo"]
    counts = Counter(row["taskDesc"] for row in rows)
    example = {row["taskDesc"]: row["deviceName"] for row in reversed(rows)}
    return Failures(
        job_id,
        failed,
        tuple(
            {"reason": reason or "no reason was given", "devices": devices, "example": example[reason]}
            for reason, devices in counts.most_common(REASONS_SHOWN)
        ),
    )


def _status(patience: Patience, job_id: str) -> str:
    status: str = patience.ask("QueryOTAJob", {"JobId": job_id})["data"]["jobStatus"]
    return status
