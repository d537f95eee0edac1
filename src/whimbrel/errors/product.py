"""Refusals about products (api-contract 5.2)."""

from __future__ import annotations

from whimbrel.errors.business import BusinessError


class InvalidFormattedProductKeyError(BusinessError):
    code = "iot.prod.InvalidFormattedProductkey"
    default_message = "a ProductKey has letters and digits only"


class InvalidFormattedProductNameError(BusinessError):
    code = "iot.prod.InvalidFormattedProductName"
    default_message = "a product name has 4 to 30 letters, digits, underscores or CJK characters, a CJK one counting 2"


class ProductNotFoundError(BusinessError):
    code = "iot.prod.NotExistedProduct"
    default_message = "the product does not exist"


class ProductNameTakenError(BusinessError):
    code = "iot.prod.AlreadyExistedProductName"
    default_message = "another product has this name"


class ProductKeyTakenError(BusinessError):
    code = "whimbrel.prod.ProductKeyTaken"
    default_message = "the ProductKey is in use on this server"


class LongProductDescError(BusinessError):
    code = "iot.prod.LongProductDesc"
    default_message = "the description is longer than 100 characters"


class InvalidNodeTypeError(BusinessError):
    code = "iot.prod.InvalidNodeType"
    default_message = "NodeType must be 0 (device) or 1 (gateway)"


class InvalidCommodityCodeError(BusinessError):
    code = "iot.prod.InvalidAliyunCommodityCode"
    default_message = "AliyunCommodityCode must be iothub_senior, or be left out"


class ProductCountExceededError(BusinessError):
    code = "iot.prod.ProductCountExceedMax"
    default_message = "the account has as many products as it may have"


class ProductHasDevicesError(BusinessError):
    code = "iot.prod.ProductHasDevices"
    default_message = "the product has devices; delete them first"


class ProductHasJobsError(BusinessError):
    code = "iot.prod.ProductHasJobs"
    default_message = "jobs of the product are planned or running; cancel them first"
