"""A second person's approval of a rollout: whom it takes, and what it covers (threat-model A29, ADR 0066).

What was approved is what goes out. So nothing that lets a job go faster or further is one person's doing afterwards,
and a job is never changed under the eyes of who reads it: another rollout is another job.
"""

from __future__ import annotations

from enum import StrEnum

from whimbrel.domain.job import Job, JobType, Tag
from whimbrel.domain.rollout import Hold

AWAITING_WORDS = "somebody other than its maker has to approve it"


class ApprovalChoice(StrEnum):
    """Whether an account's rollouts need somebody else's approval, as callers say it."""

    ON = "ON"
    OFF = "OFF"


def hold_of_new(job_type: str, is_asked: bool) -> Hold:
    """How a new job starts in an account that asks for approval, or does not. A verification reaches ten devices."""
    return Hold.AWAITING_APPROVAL if is_asked and job_type == JobType.UPGRADE else Hold.NONE


def needs_approval(job: Job) -> bool:
    """Whether two people stand behind the job, or will have to."""
    return bool(job.approved_by) or job.hold in (Hold.AWAITING_APPROVAL, Hold.REJECTED)


def is_own(job: Job, who: str) -> bool:
    """Whether `who`, an AccessKeyId or `user:NAME`, would be both of the two."""
    return needs_approval(job) and job.created_by == who


def change_fault(job: Job, maximum_per_minute: int, tags: tuple[Tag, ...], src_versions: tuple[str, ...]) -> str:
    """Why the job may not be changed to these, empty when it may: it may become slower, or smaller.

    `src_versions` empty: they stay.
    """
    if not needs_approval(job):
        return ""
    if job.maximum_per_minute is not None and maximum_per_minute > job.maximum_per_minute:
        return f"MaximumPerMinute may be at most {job.maximum_per_minute}"
    if not set(src_versions) <= set(job.src_versions):
        return "SrcVersionList may only lose versions"
    return "" if tags == job.tags else "Tags must stay, for its devices get them"
