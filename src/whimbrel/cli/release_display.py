"""Shows what happens in a release: JSON lines for programs, words and one moving line for people."""

from __future__ import annotations

import json
import os
import sys
from typing import Protocol

import click

from whimbrel.cli.plain_text import cut, plain
from whimbrel.cli.release_events import EVENTS, Ended, Event, Progress

BAR_WIDTH = 24
_CLEAR = "\r\x1b[K"
_NAMES = {kind: name for name, kind in EVENTS.items()}


class Display(Protocol):
    """Is told of each event as it happens."""

    def tell(self, event: Event) -> None:
        """Show it."""
        ...


def open_display(as_json: bool) -> Display:
    """JSON lines when asked for or when stdout is no terminal; words else."""
    return JsonLines() if as_json or not sys.stdout.isatty() else Words()


class JsonLines:
    """One object a line on stdout, each written at once; the members of an event stand behind its name."""

    def tell(self, event: Event) -> None:
        """Write the line."""
        members = {name: content for name, content in event._asdict().items() if content is not None}
        click.echo(plain(json.dumps({"event": _NAMES[type(event)], **members}, ensure_ascii=False)))
        if isinstance(event, Ended) and event.exit_status:
            click.echo(f"Error: {plain(event.words)}", err=True)


class Words:
    """Sentences that stay, and below them a line with the newest progress that is written again and again."""

    def __init__(self) -> None:
        self._state: object = None
        self._is_moving = False

    def tell(self, event: Event) -> None:
        """Show it. Progress that differs in counts alone moves the line and leaves none behind."""
        if isinstance(event, Progress):
            state = (event.job_id, event.state, event.stage)
            if state != self._state:
                self._say(event.words)
            self._state = state
            self._move(f"{_bar(event)} {event.words}")
        else:
            self._say(event.words)

    def _say(self, words: str) -> None:
        click.echo(f"{_CLEAR if self._is_moving else ''}{plain(words)}")
        self._is_moving = False

    def _move(self, line: str) -> None:
        width = max(20, os.get_terminal_size(sys.stdout.fileno()).columns - 1)
        click.echo(f"{_CLEAR}{cut(plain(line), width)}", nl=False)
        self._is_moving = True


def _bar(progress: Progress) -> str:
    devices = sum(progress.tasks.values())
    ended = sum(progress.tasks[status] for status in ("succeeded", "failed", "canceled"))
    filled = BAR_WIDTH * ended // max(1, devices)
    return f"[{'#' * filled}{'-' * (BAR_WIDTH - filled)}]"
