"""Creates firmware from one uploaded file, or from several.

1. FirmwareName: 1 to 40 characters, starting with a letter, digit, CJK or kana character; unique in the account.
2. One firmware per product, module, DestVersion, Type and SrcVersion; the module exists (CreateOTAModule).
3. FirmwareUrl, or each of MultiFiles.1 to 20, names a file of its own uploaded within the last hour; a sign, MD5 or
   size that is given must be the file's. Digests and sizes are always taken from the stored bytes (I11).
4. The names of MultiFiles have 1 to 32 characters and are unique in the firmware. MultiFiles does not go together with
   FirmwareUrl, FirmwareSign and FirmwareSize.
5. Type=1 (a difference) needs a SrcVersion that differs from DestVersion.
6. NeedToVerify=true (default) makes it status 0, false status -1.
7. The vendor's quota of 500 firmware is a setting of this server, off by default.

Source: api-contract 8.2, 7.1, 6.1, 14.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import (
    DESCRIPTION_LENGTH_MAX,
    FILE_NAME_LENGTH_MAX,
    FILES_MAX,
    NAME,
    UDI_LENGTH_MAX,
    FirmwareDraft,
    FirmwareFile,
    FirmwareStatus,
    FirmwareType,
    SignMethod,
    UploadedFile,
    list_digest,
)
from whimbrel.domain.form_upload import FILE_BYTES_MAX, UploadPurpose
from whimbrel.domain.ota_module import DEFAULT_MODULE, MODULE_NAME
from whimbrel.domain.paging import Page
from whimbrel.domain.product import Product
from whimbrel.domain.version import VERSION
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    FirmwareCountError,
    FirmwareExistsError,
    FirmwareFileNotFoundError,
    FirmwareSignMismatchError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    OtaModuleNotFoundError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field, wire_name
from whimbrel.operations.ota_module.lookup import require_module
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.uploads import find_upload
from whimbrel.ports.store import FirmwareFilter


class MultiFile(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("The file's name, unique in the firmware.", length_max=FILE_NAME_LENGTH_MAX)]
    url: Annotated[str, Field("From GenerateOTAUploadURL.", length_max=2048)]
    size: Annotated[int | None, Field("Bytes; checked when given.", minimum=1, maximum=FILE_BYTES_MAX)] = None
    file_md5: Annotated[str | None, Field("MD5 in hex; checked when given.", length_max=128)] = None
    sign_value: Annotated[str | None, Field("Hex digest by SignMethod; checked when given.", length_max=128)] = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_name: Annotated[str, Field("Its name, unique in the account.", pattern=NAME)]
    dest_version: Annotated[str, Field("The version a device has afterwards.", pattern=VERSION)]
    product_key: Annotated[str | None, Field("The product; needed by this server.", length_max=64)] = None
    firmware_url: Annotated[str | None, Field("The one file, from GenerateOTAUploadURL.", length_max=2048)] = None
    firmware_sign: Annotated[str | None, Field("Hex digest by SignMethod; checked when given.", length_max=128)] = None
    sign_method: Annotated[SignMethod, Field("The digest that devices check.", any_case=True)] = SignMethod.MD5
    firmware_size: Annotated[int | None, Field("Bytes; checked when given.", minimum=1, maximum=FILE_BYTES_MAX)] = None
    firmware_desc: Annotated[str, Field("What is new.", length_max=DESCRIPTION_LENGTH_MAX)] = ""
    type: Annotated[FirmwareType, Field("0 full, 1 difference.")] = FirmwareType.FULL
    src_version: Annotated[str | None, Field("The version a difference starts from.", pattern=VERSION)] = None
    module_name: Annotated[str, Field("The module it is for.", pattern=MODULE_NAME)] = DEFAULT_MODULE
    need_to_verify: Annotated[bool, Field("Whether a verify job must succeed first.")] = True
    udi: Annotated[str, Field("Text handed to devices as `_package_udi`.", length_max=UDI_LENGTH_MAX)] = ""
    multi_files: Annotated[tuple[MultiFile, ...], Field("Several files, in this order.", items_max=FILES_MAX)] = ()


class FirmwareData(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("The new firmware's id.")]
    utc_create: Annotated[str, Field("Creation.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[FirmwareData, Field("The new firmware.")]


EXAMPLE = Example(
    request={
        "FirmwareName": "lamp-1-1-0",
        "DestVersion": "1.1.0",
        "ProductKey": "kabcdefgh01",
        "FirmwareUrl": "https://ota.example.com/ota/firmware/0123456789abcdef0123456789abcdef.bin",
    },
    response=Response(data=FirmwareData(firmware_id="1001", utc_create="2025-01-02T03:04:05.678Z")),
)


@operation(
    action="CreateOTAFirmware",
    permission=Permission.FIRMWARE_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        FirmwareCountError,
        FirmwareExistsError,
        FirmwareFileNotFoundError,
        FirmwareSignMismatchError,
        OtaInvalidParameterError,
        OtaMissingParameterError,
        OtaModuleNotFoundError,
    ),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    _check(request)
    assert request.product_key is not None
    product = await find_product(context, request.product_key)
    await require_module(context, product, request.module_name)
    files = [await _find_file(request, given, context) for given in _given_files(request)]
    has_room = await _has_room(context)
    firmware_id = await context.store.firmware.add(_draft(request, product, files, context.now_ms))
    # After the uniqueness of name and version: a caller whose answer was lost repeats the call, and must read then that
    # the firmware exists, not that its file is gone or its account full.
    if any(file.is_used for file in files):
        raise FirmwareFileNotFoundError("an uploaded file is firmware already; upload a file of its own for another")
    if not has_room:
        raise FirmwareCountError
    for file in files:
        await context.store.uploads.mark_used(file.object_key)
    return Response(data=FirmwareData(firmware_id=str(firmware_id), utc_create=utc_text(context.now_ms)))


def _check(request: Request) -> None:
    if request.product_key is None:
        raise OtaMissingParameterError("ProductKey is needed; every job must match it")
    if not request.multi_files and request.firmware_url is None:
        raise OtaMissingParameterError("FirmwareUrl or MultiFiles is needed; GenerateOTAUploadURL answers the URLs")
    _check_multi_files(request)
    if request.type is FirmwareType.DIFFERENCE and not request.src_version:
        raise OtaMissingParameterError("SrcVersion is needed with Type 1")
    if request.src_version == request.dest_version:
        raise OtaInvalidParameterError("SrcVersion must differ from DestVersion")


def _check_multi_files(request: Request) -> None:
    if not request.multi_files:
        return
    for name in ("firmware_url", "firmware_sign", "firmware_size"):
        if getattr(request, name) is not None:
            raise OtaInvalidParameterError(f"{wire_name(name)} does not go with MultiFiles; each file has its own")
    for member in ("name", "url"):
        if len({getattr(file, member) for file in request.multi_files}) != len(request.multi_files):
            raise OtaInvalidParameterError(f"MultiFiles has the same {wire_name(member)} twice")


def _given_files(request: Request) -> tuple[MultiFile, ...]:
    """The files as the caller describes them; the one of FirmwareUrl has no name."""
    only = MultiFile(
        name="", url=request.firmware_url or "", size=request.firmware_size, sign_value=request.firmware_sign
    )
    return request.multi_files or (only,)


async def _find_file(request: Request, given: MultiFile, context: Context) -> UploadedFile:
    """The uploaded file, which is what the caller says of it."""
    file = await find_upload(context, given.url, UploadPurpose.FIRMWARE)
    of_file = f" of {given.name}" if given.name else ""
    if file is None:
        raise FirmwareFileNotFoundError(
            f"the URL{of_file} names no uploaded file; upload one with GenerateOTAUploadURL within the last hour"
        )
    digest = file.md5 if request.sign_method is SignMethod.MD5 else file.sha256
    if given.sign_value is not None and given.sign_value.lower() != digest:
        raise FirmwareSignMismatchError(f"the sign{of_file} is not the file's {request.sign_method} {digest}")
    if given.file_md5 is not None and given.file_md5.lower() != file.md5:
        raise FirmwareSignMismatchError(f"the MD5{of_file} is not the file's {file.md5}")
    if given.size is not None and given.size != file.size_bytes:
        raise FirmwareSignMismatchError(f"the size{of_file} is {given.size}, the file has {file.size_bytes} bytes")
    return file


async def _has_room(context: Context) -> bool:
    quota = context.services.quotas.firmware
    if quota is None:
        return True
    return (await context.store.firmware.page(context.caller.account_id, FirmwareFilter(), Page(1, 1))).total < quota


def _draft(request: Request, product: Product, uploads: list[UploadedFile], now_ms: int) -> FirmwareDraft:
    files = tuple(
        FirmwareFile(number, given.name, upload.sha256, upload.md5, upload.size_bytes, upload.object_key)
        for number, (given, upload) in enumerate(zip(request.multi_files, uploads, strict=False), 1)
    )
    only = uploads[0] if len(uploads) == 1 else None
    return FirmwareDraft(
        account_id=product.account_id,
        product_id=product.id,
        module_name=request.module_name,
        name=request.firmware_name,
        dest_version=request.dest_version,
        src_version=request.src_version or "",
        type=request.type,
        status=FirmwareStatus.UNVERIFIED if request.need_to_verify else FirmwareStatus.NO_VERIFICATION,
        sign_method=request.sign_method,
        sha256=only.sha256 if only else list_digest(files),
        md5=only.md5 if only else "",
        size_bytes=sum(upload.size_bytes for upload in uploads),
        description=request.firmware_desc,
        udi=request.udi,
        object_key=only.object_key if only else "",
        created_ms=now_ms,
        files=files,
    )
