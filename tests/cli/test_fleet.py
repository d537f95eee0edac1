"""`whimbrel fleet` and `whimbrel why` against a running server."""

import json
from pathlib import Path

from tests.cli.releasing import absent_fleet, firmware_file, fleet, release
from tests.cli.terminal import call, start, whimbrel
from tests.story.servers import WhimbrelServer
from whimbrel.cli.api import Api
from whimbrel.rpc.signing_caller import Credentials


def test_a_fleet_without_products_says_so(server: WhimbrelServer) -> None:
    """A newcomer reads a sentence, and a program an empty object."""
    assert "no products yet" in whimbrel(server, "fleet").stdout
    seen = json.loads(whimbrel(server, "fleet", "--json").stdout)
    assert seen == {"product_count": 0, "products": [], "rollouts": [], "attention": []}


def test_a_fleet_and_what_needs_attention(server: WhimbrelServer, tmp_path: Path) -> None:
    """Devices by connection and version, the halted rollout and the failed trial; --watch says it again."""
    words = ("--product", "lamp", "--yes")
    with fleet(server, "lamp", 12, "--fail-share", "1"):
        trial = str(firmware_file(tmp_path, "trial"))
        release(server, trial, *words, "--version", "3", "--verify-on", "lamp-0001", status=3)
        bad = str(firmware_file(tmp_path, "bad"))
        job_id = release(server, bad, *words, "--version", "2", "--no-verify", status=4)[-1]["job_id"]
        seen = json.loads(whimbrel(server, "fleet", "--json").stdout)
        shown = whimbrel(server, "fleet", "--product", "lamp").stdout
        absent_fleet(server, "empty", 0)
        assert json.loads(whimbrel(server, "fleet", "--product", "empty", "--json").stdout)["rollouts"] == []
        watching = start(server, "fleet", "--watch", "--json")
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["product_count"] == 2
        watching.kill()
        watching.communicate()
    (product,) = seen["products"]
    assert (product["devices"], product["online"], product["never_online"]) == (12, 12, 0)
    assert product["versions"] == {"1.0.0": 12}
    assert [(row["job_id"], row["state"]) for row in seen["rollouts"]] == [(job_id, "HALTED")]
    assert [row["kind"] for row in seen["attention"]] == ["JOB_HALTED", "VERIFICATION_FAILED"]
    for words_shown in ("12: 12 online", "1.0.0", "HALTED", "Needs attention"):
        assert words_shown in shown


def test_a_product_among_many_is_found(server: WhimbrelServer) -> None:
    """The overview has the newest hundred products: the rest is counted, and --product shows any."""
    api = Api(f"http://{server.endpoint}", Credentials(*server.access_key))
    absent_fleet(server, "oldest", 2)
    before = json.loads(whimbrel(server, "fleet", "--json").stdout)["product_count"]
    for number in range(100):
        api.ask("CreateProduct", {"ProductName": f"later_{number:03d}", "NodeType": "0"})
    api.close()
    assert f"and {before} more products" in whimbrel(server, "fleet").stdout
    (product,) = json.loads(whimbrel(server, "fleet", "--product", "oldest", "--json").stdout)["products"]
    assert (product["product_name"], product["devices"], product["never_online"]) == ("oldest", 2, 2)


def test_why_a_device_does_not_update(server: WhimbrelServer, tmp_path: Path) -> None:
    """Exit status 1 with what is in the way on top, 0 when nothing is, 2 for a device that cannot be named so."""
    absent_fleet(server, "quiet", 1)
    file = str(firmware_file(tmp_path, "quiet"))
    words = ("--product", "quiet", "--version", "2", "--no-verify", "--yes")
    release(server, file, *words, "--detach")
    blocked = whimbrel(server, "why", "quiet-0001")
    assert blocked.returncode == 1
    assert blocked.stdout.startswith("NEVER_CONNECTED: ")
    with fleet(server, "quiet", 1):
        release(server, file, *words)
    assert json.loads(whimbrel(server, "why", "quiet-0001", "--json").stdout)["isInTheWay"] is False

    key = call(server, "CreateProduct", ProductName="quiet_two", NodeType=0)["productKey"]
    call(server, "RegisterDevice", ProductKey=key, DeviceName="quiet-0001")
    ambiguous = whimbrel(server, "why", "quiet-0001")
    assert ambiguous.returncode == 2
    assert f"quiet_two ({key})" in ambiguous.stderr
    assert whimbrel(server, "why", "quiet-0001", "--product", key).stdout.startswith("NO_JOB: ")
    assert whimbrel(server, "why", "nobody").returncode == 2
