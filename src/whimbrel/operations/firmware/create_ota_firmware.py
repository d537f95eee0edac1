"""Creates firmware from an uploaded file.

1. FirmwareName: 1 to 40 characters, starting with a letter, digit, CJK or kana character; unique in the account.
2. One firmware per product, module, DestVersion, Type and SrcVersion.
3. FirmwareUrl must name a file uploaded within the last hour; a FirmwareSign or FirmwareSize that is given must be
   the file's own. Digests and size are always taken from the stored bytes (I11).
4. Type=1 (a difference) needs a SrcVersion that differs from DestVersion.
5. NeedToVerify=true (default) makes it status 0, false status -1.

Source: api-contract 8.2, 7.1, 6.1. Several files in one firmware (MultiFiles) and modules other than `default` are
refused until a later release serves them.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import (
    DESCRIPTION_LENGTH_MAX,
    FILE_TO_FIRMWARE_SECONDS_MAX,
    NAME,
    UDI_LENGTH_MAX,
    FirmwareDraft,
    FirmwareStatus,
    FirmwareType,
    SignMethod,
    UploadedFile,
)
from whimbrel.domain.form_upload import FILE_BYTES_MAX
from whimbrel.domain.ota_module import DEFAULT_MODULE, MODULE_NAME
from whimbrel.domain.product import Product
from whimbrel.domain.version import VERSION
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    FirmwareExistsError,
    FirmwareFileNotFoundError,
    FirmwareSignMismatchError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    OtaModuleNotFoundError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product

MULTI_FILES_MAX = 20


class MultiFile(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str | None, Field("Not served by this release.")] = None
    url: Annotated[str | None, Field("Not served by this release.")] = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_name: Annotated[str, Field("Its name, unique in the account.", pattern=NAME)]
    dest_version: Annotated[str, Field("The version a device has afterwards.", pattern=VERSION)]
    product_key: Annotated[str | None, Field("The product; needed by this server.", length_max=64)] = None
    firmware_url: Annotated[str | None, Field("From GenerateOTAUploadURL.", length_max=2048)] = None
    firmware_sign: Annotated[str | None, Field("Hex digest by SignMethod; checked when given.", length_max=128)] = None
    sign_method: Annotated[SignMethod, Field("The digest that devices check.", any_case=True)] = SignMethod.MD5
    firmware_size: Annotated[int | None, Field("Bytes; checked when given.", minimum=1, maximum=FILE_BYTES_MAX)] = None
    firmware_desc: Annotated[str, Field("What is new.", length_max=DESCRIPTION_LENGTH_MAX)] = ""
    type: Annotated[FirmwareType, Field("0 full, 1 difference.")] = FirmwareType.FULL
    src_version: Annotated[str | None, Field("The version a difference starts from.", pattern=VERSION)] = None
    module_name: Annotated[str, Field("The module it is for.", pattern=MODULE_NAME)] = DEFAULT_MODULE
    need_to_verify: Annotated[bool, Field("Whether a verify job must succeed first.")] = True
    udi: Annotated[str, Field("Text handed to devices as `_package_udi`.", length_max=UDI_LENGTH_MAX)] = ""
    multi_files: Annotated[
        tuple[MultiFile, ...], Field("Several files; not served by this release.", items_max=MULTI_FILES_MAX)
    ] = ()


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
        FirmwareExistsError,
        FirmwareFileNotFoundError,
        FirmwareSignMismatchError,
        OtaInvalidParameterError,
        OtaMissingParameterError,
        OtaModuleNotFoundError,
    ),
)
async def handle(request: Request, context: Context) -> Response:
    _check(request)
    assert request.product_key is not None
    product = await find_product(context, request.product_key)
    file = await _find_file(request, context)
    draft = _draft(request, product, file, context.now_ms)
    firmware_id = await context.store.firmware.add(draft)
    # After the uniqueness of name and version: a caller whose answer was lost repeats the call, and must read then that
    # the firmware exists, not that its file is gone.
    if file.is_used:
        raise FirmwareFileNotFoundError("the uploaded file is firmware already; upload a file of its own for another")
    await context.store.uploads.mark_used(file.object_key)
    return Response(data=FirmwareData(firmware_id=str(firmware_id), utc_create=utc_text(context.now_ms)))


def _check(request: Request) -> None:
    if request.multi_files:
        raise OtaInvalidParameterError("MultiFiles is not served by this release; upload one file")
    if request.product_key is None:
        raise OtaMissingParameterError("ProductKey is needed; every job must match it")
    if request.firmware_url is None:
        raise OtaMissingParameterError("FirmwareUrl is needed; GenerateOTAUploadURL answers it")
    if request.module_name != DEFAULT_MODULE:
        raise OtaModuleNotFoundError(f"the product has no module {request.module_name}")
    if request.type is FirmwareType.DIFFERENCE and not request.src_version:
        raise OtaMissingParameterError("SrcVersion is needed with Type 1")
    if request.src_version == request.dest_version:
        raise OtaInvalidParameterError("SrcVersion must differ from DestVersion")


async def _find_file(request: Request, context: Context) -> UploadedFile:
    prefix = f"{context.services.public_url}/"
    url = request.firmware_url or ""
    key = url.removeprefix(prefix) if url.startswith(prefix) else ""
    file = await context.store.uploads.by_key(context.caller.account_id, key)
    if file is None or file.stored_ms < context.now_ms - FILE_TO_FIRMWARE_SECONDS_MAX * 1000:
        raise FirmwareFileNotFoundError
    digest = file.md5 if request.sign_method is SignMethod.MD5 else file.sha256
    if request.firmware_sign is not None and request.firmware_sign.lower() != digest:
        raise FirmwareSignMismatchError(f"FirmwareSign is not the file's {request.sign_method} {digest}")
    if request.firmware_size is not None and request.firmware_size != file.size_bytes:
        raise FirmwareSignMismatchError(f"FirmwareSize {request.firmware_size} is not the file's {file.size_bytes}")
    return file


def _draft(request: Request, product: Product, file: UploadedFile, now_ms: int) -> FirmwareDraft:
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
        sha256=file.sha256,
        md5=file.md5,
        size_bytes=file.size_bytes,
        description=request.firmware_desc,
        udi=request.udi,
        object_key=file.object_key,
        created_ms=now_ms,
    )
