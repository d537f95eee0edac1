"""From parameters to a request, by the operation's declaration alone (api-contract 1.2, 5.3; threat-model part 3)."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.access import Permission
from whimbrel.errors import (
    BusinessError,
    InvalidPageParamsError,
    InvalidParameterError,
    MissingParameterError,
    OtaInvalidParameterError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.rpc.wire import INDEX_MAX, RequestReader


class Size(StrEnum):
    SMALL = "small"
    TAR_GZ = "tar.gz"


class Mode(IntEnum):
    KEEP = 1
    OVERWRITE = 2


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, Field("Its key.", length_max=3)]
    value: Annotated[str | None, Field("Its value.", length_max=3)] = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("A text.", length_min=2, length_max=4)]
    page_size: Annotated[int | None, Field("A number.", minimum=-1, maximum=5, error=InvalidPageParamsError)] = None
    need_push: Annotated[bool, Field("A flag.")] = True
    size: Annotated[Size, Field("A word in any case.", any_case=True)] = Size.SMALL
    exact_size: Annotated[Size, Field("A word.")] = Size.SMALL
    mode: Annotated[Mode, Field("A number of a few.")] = Mode.KEEP
    task_id: Annotated[tuple[str, ...], Field("A list.", items_max=2, length_max=3)] = ()
    tag: Annotated[tuple[Pair, ...], Field("A list of pairs.", items_max=2)] = ()
    oss_key: Annotated[str | None, Field("An irregular name.", wire="OSSKey")] = None


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    names: Annotated[tuple[str, ...], Field("A list that must be given.", items_max=1)]


def reader_of(kind: Any) -> RequestReader:
    async def handle(request: Any, context: Context) -> EmptyResponse:
        return EmptyResponse()

    handle.__annotations__ = {"request": kind, "return": EmptyResponse}
    declare = operation(
        action="Try", permission=Permission.JOB_READ, example=Example(request={}, response=EmptyResponse())
    )
    return RequestReader(declare(handle))


READER = reader_of(Request)


def read(**parameters: str) -> Any:
    """The request of these parameters; `__` in a name stands for a dot."""
    return READER.read({"JobId": "job", **{name.replace("__", "."): text for name, text in parameters.items()}})


def refused(error: type[BusinessError] = OtaInvalidParameterError, **parameters: str) -> str:
    """The message of the refusal."""
    with pytest.raises(error) as caught:
        read(**parameters)
    return caught.value.message


def test_defaults_and_every_kind() -> None:
    """Names on the wire are derived from attributes; what is absent has its declared default."""
    assert read() == Request(job_id="job")
    given_ = {"PageSize": "5", "NeedPush": "false", "Size": "Tar.GZ", "ExactSize": "tar.gz", "Mode": "2", "OSSKey": "k"}
    wanted = Request(
        job_id="job",
        page_size=5,
        need_push=False,
        size=Size.TAR_GZ,
        exact_size=Size.TAR_GZ,
        mode=Mode.OVERWRITE,
        task_id=("a", "b"),
        tag=(Pair(key="x", value="y"), Pair(key="z")),
        oss_key="k",
    )
    lists = {"TaskId__1": "a", "TaskId__2": "b", "Tag__1__Key": "x", "Tag__1__Value": "y", "Tag__2__Key": "z"}
    assert read(**given_, **lists) == wanted


def test_an_empty_value_is_not_given() -> None:
    """Optional: the default; required: missing (api-contract 1.2)."""
    assert read(PageSize="", NeedPush="", Size="", TaskId__1="", Tag__1__Key="") == Request(job_id="job")
    with pytest.raises(MissingParameterError) as caught:
        read(JobId="")
    assert caught.value.code == "MissingJobId"


def test_what_is_missing_is_said_before_what_is_wrong() -> None:
    """api-contract 5.3: the real gateway checks required parameters first."""
    with pytest.raises(MissingParameterError):
        READER.read({"PageSize": "wrong", "TaskId.1": "too long"})
    with pytest.raises(MissingParameterError) as caught:
        reader_of(ListRequest).read({"Names": "x", "Names.1": ""})
    assert caught.value.code == "MissingNames1"


@pytest.mark.parametrize(("text", "is_taken"), [("x", False), ("xx", True), ("xxxx", True), ("xxxxx", False)])
def test_length_of_a_text(text: str, is_taken: bool) -> None:
    """Characters are counted, of any script."""
    for character in ("x", "灯", "\U0001f426"):
        value = text.replace("x", character)
        if is_taken:
            assert read(JobId=value).job_id == value
        else:
            assert "JobId" in refused(JobId=value)


@pytest.mark.parametrize(("text", "number"), [("-1", -1), ("0", 0), ("5", 5), ("005", 5), ("-0", 0)])
def test_numbers(text: str, number: int) -> None:
    """Decimal digits, from minimum to maximum."""
    assert read(PageSize=text).page_size == number


@pytest.mark.parametrize(
    "text",
    ["-2", "6", "+5", " 5", "5 ", "5\n", "1_0", "٥", "５", "5.0", "1e0", "0x5", "--1", "-", "9" * 19, "9" * 5000],
)
def test_what_int_takes_and_we_do_not(text: str) -> None:
    """Other scripts' digits, blanks, underscores, signs, and numbers beyond the limits: the field's own error."""
    assert "PageSize" in refused(InvalidPageParamsError, PageSize=text)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("TRUE", True), ("fAlSe", False)])
def test_flags(text: str, value: bool) -> None:
    """Python's spelling arrives too."""
    assert read(NeedPush=text).need_push is value


@pytest.mark.parametrize("text", ["1", "0", "yes", "t", "ｔｒｕｅ", "true ", "falſe"])
def test_other_flags(text: str) -> None:
    """Nothing else is a flag, not even what lower() would make one."""
    assert "NeedPush" in refused(NeedPush=text)


def test_words() -> None:
    """In any case where it is declared; ASCII case only; else exactly."""
    assert read(Size="TAR.GZ").size is Size.TAR_GZ
    for wrong in ("TAR.GZ", "Small", "tar", "tar.gz "):
        assert "tar.gz" in refused(ExactSize=wrong)
    refused(Size="ſmall")
    for wrong in ("3", "0", "01", " 1", "KEEP", "١"):
        assert "1, 2" in refused(Mode=wrong)


def test_lists_start_anywhere_and_are_ordered_by_number() -> None:
    """From 0 or 1, gaps allowed, 10 after 9, in whatever order they were sent (api-contract 1.2)."""
    assert read(TaskId__10="b", TaskId__9="a").task_id == ("a", "b")
    assert read(TaskId__0="a", TaskId__1="b").task_id == ("a", "b")
    assert read(**{f"TaskId__{INDEX_MAX}": "b", "TaskId__7": "a"}).task_id == ("a", "b")


@pytest.mark.parametrize("index", ["01", "-1", "x", "", "1x", "١", str(INDEX_MAX + 1), "1" * 30, "+1", " 1"])
def test_odd_indices_are_refused(index: str) -> None:
    """An index with leading zeros or beyond its limit has two readings, or costs work."""
    for name in (f"TaskId.{index}", f"Tag.{index}.Key"):
        with pytest.raises(InvalidParameterError):
            READER.read({"JobId": "job", name: "x"})


def test_length_of_lists() -> None:
    """items_max entries; empty ones do not count; each entry keeps its own limit."""
    assert read(TaskId__1="a", TaskId__2="", TaskId__3="b").task_id == ("a", "b")
    assert "TaskId" in refused(TaskId__1="a", TaskId__2="b", TaskId__3="c")
    assert "TaskId.2" in refused(TaskId__1="a", TaskId__2="long")
    assert "Tag.2.Value" in refused(Tag__1__Key="a", Tag__2__Key="b", Tag__2__Value="long")


def test_half_an_entry() -> None:
    """A missing member is named with its number (api-contract 1.2)."""
    with pytest.raises(MissingParameterError, match=r"Tag\.2\.Key"):
        read(Tag__1__Key="a", Tag__2__Value="b")


def test_members_of_plain_lists_and_plain_entries_of_others_are_no_parameters() -> None:
    """Unknown extra parameters are ignored."""
    assert read(TaskId__1__Key="x", Tag__1="x", TaskId="x", Unheard="x") == Request(job_id="job")


@given(st.dictionaries(st.sampled_from(["JobId", "PageSize", "Tag.1.Key", "TaskId.0", "Mode"]), st.text(max_size=6)))
def test_any_parameters_are_read_or_refused(parameters: dict[str, str]) -> None:
    """Nothing but the two kinds of error leaves the reader, and what it reads is a request."""
    try:
        request = READER.read(parameters)
    except (BusinessError, MissingParameterError, InvalidParameterError):
        return
    assert isinstance(request, Request)
