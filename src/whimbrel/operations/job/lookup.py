"""How operations find the job that a request names, and the devices and the group that a new one is for."""

from __future__ import annotations

from whimbrel.domain.form_upload import UploadPurpose
from whimbrel.domain.group import GROUP_ID_LENGTH_MAX, Group, GroupType
from whimbrel.domain.job import Job
from whimbrel.domain.product import Product
from whimbrel.errors import DeviceListFileError, DeviceNotFoundError, GroupNotFoundError, JobNotFoundError
from whimbrel.operations.declaration import Context
from whimbrel.operations.ids import row_id
from whimbrel.operations.uploads import find_upload


async def find_job(context: Context, job_id: str) -> Job:
    """The caller's job. Raises JobNotFoundError, also where the AccessKey may not touch it (A06)."""
    number = row_id(job_id)
    job = await context.store.jobs.by_id(context.caller.account_id, number) if number else None
    if job is None or not context.caller.scope.covers_job(job.product_key, job.group_id):
        raise JobNotFoundError
    return job


async def find_named_devices(context: Context, product: Product, names: tuple[str, ...]) -> tuple[int, ...]:
    """The devices' ids in the order of `names`: an unknown name refuses the call (api-contract 10.2).

    Raises DeviceNotFoundError naming the first that is missing, or that the AccessKey may not touch (A06).
    """
    found = await known_devices(context, product, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise DeviceNotFoundError(f"the product {product.product_key} has no device {missing[0]}")
    return tuple(found[name] for name in names)


async def known_devices(context: Context, product: Product, names: tuple[str, ...]) -> dict[str, int]:
    """Name to id, of those names that are devices of the product which the AccessKey may touch."""
    found = await context.store.devices.ids_by_names(product.account_id, product.id, names)
    scope = context.caller.scope
    if scope.covers_all_devices_of(product.product_key):
        return found
    groups = {device_id: await context.store.groups.ids_of_device(device_id) for device_id in found.values()}
    return {name: number for name, number in found.items() if scope.covers_device(product.product_key, groups[number])}


async def find_target_group(context: Context, product: Product, group_id: str, group_type: GroupType) -> Group:
    """The group of that type that a job of the product is for. Only the product's devices in it become tasks.

    Raises GroupNotFoundError, also where the AccessKey may not make jobs of the product for the group (A06).
    """
    group = None
    if len(group_id) <= GROUP_ID_LENGTH_MAX and context.caller.scope.covers_job(product.product_key, group_id):
        group = await context.store.groups.by_group_id(context.caller.account_id, group_id)
    if group is None or group.group_type is not group_type:
        raise GroupNotFoundError(f"there is no group {group_id[:GROUP_ID_LENGTH_MAX]} of the type {group_type}")
    return group


async def find_device_list(context: Context, url: str) -> str:
    """The object key of a device list that was uploaded within the last hour. Raises DeviceListFileError."""
    file = await find_upload(context, url, UploadPurpose.DEVICE_LIST)
    found = await context.store.device_lists.find(file.object_key) if file else None
    if file is None or found is None:
        raise DeviceListFileError
    if found.fault:
        raise DeviceListFileError(found.fault)
    return file.object_key
