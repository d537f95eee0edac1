"""How a driver talks to the test that started it: one JSON object per line, both ways.

The first line on stdin is the driver's configuration (secrets never stand on a command line), every further line is one
request, and every line on stdout is one result or event. The end of stdin ends the driver.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

JsonObject = dict[str, Any]
_stdout_lock = threading.Lock()


def read_configuration() -> JsonObject:
    """The first line of stdin."""
    return dict(json.loads(sys.stdin.readline()))


def requests() -> Iterator[JsonObject]:
    """Every further line of stdin, as it arrives."""
    for line in sys.stdin:
        yield json.loads(line)


def emit(result: JsonObject) -> None:
    """Write one line; threads may call it at the same time."""
    with _stdout_lock:
        print(json.dumps(result), flush=True)


def answer_each(call: Callable[[JsonObject], JsonObject], describe_error: Callable[[Exception], JsonObject]) -> None:
    """Answer every request with `{"answer": …}`, or with `{"error": …}` when the SDK raised."""
    for request in requests():
        try:
            emit({"answer": call(request)})
        except Exception as error:
            emit({"error": describe_error(error)})
