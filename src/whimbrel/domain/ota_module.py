"""OTA modules: the parts of a device that are upgraded apart from each other (api-contract 9).

Every product has the module `default`. Creating further modules is an operation of a later release; devices may
already report versions for any module name (device-protocol 3).
"""

from __future__ import annotations

import re

DEFAULT_MODULE = "default"
MODULE_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
MODULES_PER_DEVICE_MAX = 64  # ours: a device that invents module names must not grow the store without bound (I17)
