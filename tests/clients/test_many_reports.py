"""One device that talks without end does not keep the others from being heard (ddi-protocol 15, item 13)."""

import threading
import time

from tests.clients.ddi_back_end import Answer, DdiBackEnd, ask
from tests.clients.relay import Relay

REPORTS = 200
POLLS = 190  # one device may ask 200 times in a second
LOG = ["[extract_files] : Found file, and what else a client says while it installs: " + "x" * 80] * 48


def test_I17_two_hundred_reports_leave_other_devices_their_polls(back_end: DdiBackEnd, relay: Relay) -> None:
    """While one device posts 200 whole logs, told to slow down, another polls and is always answered."""
    product_key = back_end.create_product()
    talker, other = (back_end.register(product_key, name) for name in ("talker", "other"))
    job_id = back_end.release(talker, "2.0.0", {"app.swu": b"image"})
    href = ask(talker, relay.url + talker.path).json["_links"]["deploymentBase"]["href"]
    feedback = href.partition("?")[0] + "/feedback"
    answers: list[Answer] = []

    def report() -> None:
        for number in range(REPORTS):
            status = {"execution": "proceeding", "result": {"finished": "none"}, "details": LOG}
            body = {"id": number, "time": "20261126T000000", "status": status}
            while True:
                answers.append(ask(talker, feedback, method="POST", body=body))
                if answers[-1].status != 429:
                    break
                time.sleep(float(answers[-1].headers["retry-after"]))

    talking = threading.Thread(target=report)
    talking.start()
    polls = [ask(other, relay.url + other.path) for _ in range(POLLS)]
    talking.join()
    assert {poll.status for poll in polls} == {200}
    assert {answer.status for answer in answers} <= {200, 429}
    assert sum(answer.status == 200 for answer in answers) == REPORTS
    assert back_end.task(job_id)["taskStatus"] == "IN_PROGRESS"
    history = ask(talker, href.partition("?")[0] + "?actionHistory=-1").json["actionHistory"]
    assert len(history["messages"]) <= 100, "what is kept of an action is bounded"
