"""Refusals about groups and device tags (tags: api-contract 5.2; for groups no source has codes: ours)."""

from __future__ import annotations

from whimbrel.errors.business import BusinessError


class GroupNotFoundError(BusinessError):
    code = "iot.group.NotExistedGroup"
    default_message = "the group does not exist"


class GroupNameTakenError(BusinessError):
    code = "iot.group.AlreadyExistedGroupName"
    default_message = "another group of the account has this name"


class InvalidFormattedGroupNameError(BusinessError):
    code = "iot.group.InvalidFormattedGroupName"
    default_message = "a group name has 4 to 30 letters, digits, underscores or CJK characters, a CJK one counting 2"


class LongGroupDescError(BusinessError):
    code = "iot.group.LongGroupDesc"
    default_message = "the description is longer than 100 characters"


class GroupCountExceededError(BusinessError):
    code = "iot.group.GroupCountExceedMax"
    default_message = "the account has as many groups as it may have"


class GroupNestingExceededError(BusinessError):
    code = "iot.group.GroupNestingExceedMax"
    default_message = "groups can be nested five deep; choose a SuperGroupId further up"


class GroupHasSubgroupsError(BusinessError):
    code = "iot.group.ExistedSubGroup"
    default_message = "the group has groups below it; delete them first"


class GroupTypeError(BusinessError):
    code = "iot.group.InvalidGroupType"
    default_message = "the group is not of the type that this needs"


class InvalidGroupExpressionError(BusinessError):
    code = "iot.group.InvalidDynamicGroupExpression"
    default_message = "the expression describes no group"


class TooManyGroupDevicesError(BusinessError):
    code = "iot.group.TooManyDevices"
    default_message = "a call names at most 200 devices"


class NoDeviceTagError(BusinessError):
    code = "iot.device.NoneDeviceProperties"
    default_message = "Props has no tag"


class NullDeviceTagKeyError(BusinessError):
    code = "iot.device.NullDevicePropertyKey"
    default_message = "a tag's key is empty"


class InvalidFormattedDeviceTagKeyError(BusinessError):
    code = "iot.device.InvalidFormattedDevicePropertyKey"
    default_message = "a tag's key has 1 to 32 letters, digits or any of . _ - and is not the reserved abc"


class InvalidFormattedDeviceTagsError(BusinessError):
    code = "iot.device.InvalidFormattedDevicePropertiesString"
    default_message = "Props must be a JSON object of texts, with no key twice"


class LongDeviceTagsError(BusinessError):
    code = "iot.device.LongDevicePropertiesString"
    default_message = "Props has more than 5 KB"


class TooManyDeviceTagsError(BusinessError):
    code = "iot.device.TooManyDevicePropertiesPerTime"
    default_message = "a call has at most 100 tags, and so has a device"
