"""Finds what a person names: a product by its name or key, a group by its name or id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from whimbrel.cli.api import Api, RefusedError

PAGE_SIZE = 200
_PRODUCT_KEY = re.compile(r"[A-Za-z0-9]{1,30}")
_Found = TypeVar("_Found")


class Product(NamedTuple):
    """A product as QueryProductList has it."""

    key: str
    name: str
    devices: int


def products(api: Api) -> Iterator[Product]:
    """All products that the key may see, newest first. Raises RefusedError, ConnectionError."""
    number = page_count = 1
    while number <= page_count:
        page = api.ask("QueryProductList", {"CurrentPage": str(number), "PageSize": str(PAGE_SIZE)})["data"]
        for row in page["list"]["productInfo"]:
            yield Product(row["productKey"], row["productName"], row["deviceCount"])
        number, page_count = number + 1, page["pageCount"]


def find_product(api: Api, name_or_key: str) -> Product:
    """The product of this key, else of this name. Raises click.UsageError, RefusedError, ConnectionError.

    The key goes first: an AccessKey that is limited to products may not list them.
    """
    if _PRODUCT_KEY.fullmatch(name_or_key):
        try:
            data = api.ask("QueryProduct", {"ProductKey": name_or_key})["data"]
            return Product(data["productKey"], data["productName"], data["deviceCount"])
        except RefusedError as error:
            if error.code != "iot.prod.NotExistedProduct":
                raise
    named = [(product.key, product) for product in products(api) if product.name == name_or_key]
    return _only("product", name_or_key, named)


def find_group(api: Api, name_or_id: str) -> str:
    """The id of the group of this id or this name. Raises as `find_product`."""
    try:
        api.ask("QueryDeviceGroupInfo", {"GroupId": name_or_id})
        return name_or_id
    except RefusedError as error:
        if error.code != "iot.group.NotExistedGroup":
            raise
    kinds = {"GroupTypes.1": "LINK_PLATFORM", "GroupTypes.2": "LINK_PLATFORM_DYNAMIC"}
    found: list[tuple[str, str]] = []
    number = page_count = 1
    while number <= page_count:
        page: Mapping[str, Any] = api.ask(
            "QueryDeviceGroupList", {"CurrentPage": str(number), "PageSize": str(PAGE_SIZE), **kinds}
        )
        for row in page["data"]["groupInfo"]:
            if row["groupName"] == name_or_id:
                found.append((row["groupId"], row["groupId"]))
        number, page_count = number + 1, page["pageCount"]
    return _only("group", name_or_id, found)


def _only(kind: str, name: str, found: list[tuple[str, _Found]]) -> _Found:
    if not found:
        raise click.UsageError(f"there is no {kind} {name}, or the key may not see it")
    if len(found) > 1:
        raise click.UsageError(f"several have the name {name}; say which: {', '.join(key for key, _ in found)}")
    return found[0][1]
