"""`whimbrel call` against a running server."""

import json

import pytest

from tests.cli.terminal import call, whimbrel
from tests.story.servers import WhimbrelServer, free_port


def test_a_success_is_printed_and_exits_0(server: WhimbrelServer) -> None:
    """A call that succeeds prints the answer as JSON over several lines, nothing on stderr, and exits 0."""
    ended = whimbrel(server, "call", "CreateProduct", "ProductName=lamp_one", "NodeType=0")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["data"]["productName"] == "lamp_one"
    assert ended.stdout.count("\n") > 5


def test_raw_prints_the_body_as_it_came(server: WhimbrelServer) -> None:
    """`--raw` prints the body on one line."""
    ended = whimbrel(server, "call", "--raw", "QueryProductList", "CurrentPage=1", "PageSize=10")
    assert ended.stdout.count("\n") == 1
    assert json.loads(ended.stdout)["success"] is True


def test_values_reach_the_server_as_typed(server: WhimbrelServer) -> None:
    """Signs with a meaning in URLs, blanks, and characters beyond ASCII are signed and stored as they were typed."""
    words = "a=b c&d+e%41 ü 灯"
    created = call(server, "CreateProduct", ProductName="lamp_two", NodeType=0, Description=words)
    assert created["data"]["description"] == words


def test_a_refused_call_exits_1(server: WhimbrelServer) -> None:
    """An operation's refusal goes to stdout as a body, to stderr as code and reason, and exits 1."""
    ended = whimbrel(server, "call", "QueryProduct", "ProductKey=kunknown")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["code"] == "iot.prod.NotExistedProduct"
    assert "iot.prod.NotExistedProduct: the product kunknown does not exist" in ended.stderr


def test_a_call_refused_at_the_gate_exits_1(server: WhimbrelServer) -> None:
    """A gateway error, which has another body, is told the same way."""
    ended = whimbrel(server, "call", "QueryProduct")
    assert ended.returncode == 1
    assert "MissingProductKey" in ended.stderr


@pytest.mark.parametrize(("product_key", "status"), [("", 0), ("kunknown", 1)])
def test_xml_is_printed_and_judged(server: WhimbrelServer, product_key: str, status: int) -> None:
    """`--xml` prints XML, and the exit status still says whether the call succeeded."""
    key = product_key or call(server, "CreateProduct", ProductName="lamp_xml", NodeType=0)["productKey"]
    ended = whimbrel(server, "call", "--xml", "QueryProduct", f"ProductKey={key}")
    assert ended.returncode == status
    assert "<QueryProductResponse>" in ended.stdout
    assert ("iot.prod.NotExistedProduct: the product kunknown" in ended.stderr) == bool(status)


def test_the_environments_key_comes_before_the_data_folders(server: WhimbrelServer) -> None:
    """WHIMBREL_ACCESS_KEY_ID and _SECRET are signed with, although the data folder has a key."""
    other = {"WHIMBREL_ACCESS_KEY_ID": "nobody", "WHIMBREL_ACCESS_KEY_SECRET": "nothing"}
    ended = whimbrel(server, "call", "QueryProductList", "CurrentPage=1", "PageSize=1", **other)
    assert ended.returncode == 1
    assert "InvalidAccessKeyId.NotFound" in ended.stderr


def test_a_key_file_comes_before_the_environment(server: WhimbrelServer) -> None:
    """`--key-file` is signed with, whatever key the environment holds."""
    other = {"WHIMBREL_ACCESS_KEY_ID": "nobody", "WHIMBREL_ACCESS_KEY_SECRET": "nothing"}
    key_file = f"--key-file={server.data / 'root-access-key.json'}"
    ended = whimbrel(server, "call", key_file, "QueryProductList", "CurrentPage=1", "PageSize=1", **other)
    assert ended.returncode == 0


def test_without_a_key_the_remedy_is_named(server: WhimbrelServer) -> None:
    """Without any key the command exits 2 and says where it looked."""
    ended = whimbrel(server, "call", "QueryProductList", WHIMBREL_DATA="/nowhere/at/all")
    assert ended.returncode == 2
    assert "/nowhere/at/all/root-access-key.json" in ended.stderr


def test_a_server_that_is_away_exits_1(server: WhimbrelServer) -> None:
    """When nothing answers, the command exits 1 and names the address it tried."""
    address = f"http://127.0.0.1:{free_port()}"
    ended = whimbrel(server, "call", "QueryProductList", WHIMBREL_SERVER=address)
    assert ended.returncode == 1
    assert f"{address} does not answer" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [(), ("QueryProduct", "ProductKey"), ("QueryProduct", "=x"), ("QueryProduct", "A=1", "A=2"), ("--nonsense",)],
)
def test_a_wrong_command_line_exits_2(server: WhimbrelServer, words: tuple[str, ...]) -> None:
    """No action, words that are not Name=Value, a name given twice and unknown options send nothing and exit 2."""
    assert whimbrel(server, "call", *words).returncode == 2


def test_a_server_address_without_scheme_exits_2(server: WhimbrelServer) -> None:
    """`--server` must be a URL."""
    ended = whimbrel(server, "call", "QueryProductList", WHIMBREL_SERVER=server.endpoint)
    assert ended.returncode == 2
    assert "http(s)://HOST[:PORT]" in ended.stderr


@pytest.mark.parametrize("raw", [(), ("--raw",)])
def test_A09_what_others_wrote_moves_no_cursor(server: WhimbrelServer, raw: tuple[str, ...]) -> None:
    """Bidi marks and tags come as JSON escapes, and mean to programs what they meant."""
    words = "a\u202eb\U000e0001c"
    name = f"lamp_hostile_{len(raw)}"
    ended = whimbrel(server, "call", *raw, "CreateProduct", f"ProductName={name}", "NodeType=0", f"Description={words}")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.replace("\n", "").isprintable()
    assert json.loads(ended.stdout)["data"]["description"] == words
