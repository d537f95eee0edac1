"""The addresses that DDI answers give out: absolute, built from --public-url, short enough for every client.

Zephyr keeps what follows `deploymentBase/` and `cancelAction/` in buffers of 50 characters, and a download's path from
`/DEFAULT` on in one of 200 (ddi-protocol 1): ids of up to 58 characters fit beside the longest name of a file. An id
stands in them as the device writes it, and needs no escapes: its characters are a DeviceName's.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.ddi_claim import DEFAULT_TENANT, Claim


class Hrefs(NamedTuple):
    """All begin with `base`."""

    base: str

    @property
    def config_data(self) -> str:
        return f"{self.base}/configData"

    @property
    def confirmations(self) -> str:
        return f"{self.base}/confirmationBase"

    def deployment(self, number: int, content: int) -> str:
        return f"{self.base}/deploymentBase/{number}?c={content}"

    def confirmation(self, number: int, content: int) -> str:
        return f"{self.base}/confirmationBase/{number}?c={content}"

    def cancel(self, number: int) -> str:
        """Without a query: clients put `/feedback` behind it."""
        return f"{self.base}/cancelAction/{number}"

    def installed(self, number: int) -> str:
        return f"{self.base}/installedBase/{number}"

    def file(self, number: int, name: str) -> str:
        """A file of an action: the action's number stands where hawkBit has a software module's."""
        return f"{self.base}/softwaremodules/{number}/artifacts/{name}"


def hrefs_for(public_url: str, claim: Claim) -> Hrefs:
    tenant = DEFAULT_TENANT if claim.is_of_default else claim.tenant
    return Hrefs(f"{public_url}/{tenant}/controller/v1/{claim.controller_id}")
