"""Contract of Store: firmware of several files, OTA modules, and what uploads are for (I10, I11, A13)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import MD5, NOW_MS, SHA256, add_job, add_place, firmware_draft, product_draft, read_job
from whimbrel.domain.firmware import FirmwareFile, UploadedFile, list_digest
from whimbrel.domain.form_upload import UploadPurpose
from whimbrel.domain.ota_module import OtaModule, OtaModuleDraft
from whimbrel.domain.paging import Page
from whimbrel.errors import FirmwareExistsError, OtaModuleExistsError
from whimbrel.ports.store import FirmwareFilter

FIRST = Page(1, 10)
FILES = tuple(
    FirmwareFile(n, f"文件{n}", f"{n}" * 64, f"{n}" * 32, n * 10**9, f"ota/firmware/{n}.bin") for n in (1, 2, 3)
)
SEVERAL: dict[str, object] = {"files": FILES, "sha256": list_digest(FILES), "md5": "", "size_bytes": 6 * 10**9}


class TestFirmwareFiles:
    async def test_round_trip(self, rig: Rig) -> None:
        """The files are found as they were drafted, in their order, by account and by link, over a restart."""
        place = await add_place(rig.store)
        draft = firmware_draft(place, **SEVERAL)
        async with rig.store.transaction() as store:
            firmware_id = await store.firmware.add(draft)
        async with (await rig.reopen()).snapshot() as store:
            firmware = await store.firmware.by_id(place.account_id, firmware_id)
            assert firmware == await store.firmware.by_link(firmware_id)
        assert firmware is not None
        assert {name: getattr(firmware, name) for name in draft._fields} == draft._asdict()
        assert (firmware.file_count, firmware.is_one_object) == (3, False)

    async def test_lists_say_how_many_files(self, rig: Rig) -> None:
        """A page has each firmware's number of files, and not the files."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            await store.firmware.add(firmware_draft(place, "1"))
            await store.firmware.add(firmware_draft(place, "2", **SEVERAL))
            await store.firmware.add(firmware_draft(place, "3", files=FILES[:1]))
        async with rig.store.snapshot() as store:
            rows = (await store.firmware.page(place.account_id, FirmwareFilter(place.product_key), FIRST)).rows
        assert [(row.dest_version, row.file_count, row.files) for row in rows] == [
            ("3", 1, ()),
            ("2", 3, ()),
            ("1", 0, ()),
        ]

    async def test_I11_every_file_is_referenced(self, rig: Rig) -> None:
        """Each file of firmware keeps its object until the firmware, and any other with the same bytes, is deleted."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            firmware_id = await store.firmware.add(firmware_draft(place, **SEVERAL))
            other_id = await store.firmware.add(firmware_draft(place, "9", files=FILES[:1]))
            for file in FILES:
                assert await store.firmware.is_referenced(file.sha256, NOW_MS)
            for gone_id, kept in ((firmware_id, [True, False, False]), (other_id, [False, False, False])):
                firmware = await store.firmware.by_id(place.account_id, gone_id)
                assert firmware is not None
                await store.firmware.delete(firmware)
                assert [await store.firmware.is_referenced(file.sha256, NOW_MS) for file in FILES] == kept

    async def test_I10_a_job_pins_every_file(self, rig: Rig) -> None:
        """A job has the digests of all files in its own row, whatever becomes of the firmware."""
        place = await add_place(rig.store)
        job = await add_job(rig.store, place, **SEVERAL)
        await rig.reopen()
        assert (await read_job(rig.store, job)).files == job.files == FILES
        assert (await add_job(rig.store, place)).files == ()

    async def test_modify(self, rig: Rig) -> None:
        """Name, description and Udi change and nothing else; a taken name is refused, one's own is not."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            firmware_id = await store.firmware.add(firmware_draft(place, **SEVERAL))
            await store.firmware.add(firmware_draft(place, "9", name="taken"))
            old = await store.firmware.by_id(place.account_id, firmware_id)
            assert old is not None
            changed = old._replace(name="new", description="说明", udi="u" * 4096)
            await store.firmware.modify(changed, NOW_MS + 1)
            await store.firmware.modify(changed, NOW_MS + 2)
            assert await store.firmware.by_id(place.account_id, firmware_id) == changed._replace(modified_ms=NOW_MS + 2)
        with pytest.raises(FirmwareExistsError, match="taken"):
            async with rig.store.transaction() as store:
                await store.firmware.modify(changed._replace(name="taken"), NOW_MS + 3)
        async with rig.store.snapshot() as store:
            assert await store.firmware.by_id(place.account_id, firmware_id) == changed._replace(modified_ms=NOW_MS + 2)


def module_draft(product_id: int, name: str, **changes: object) -> OtaModuleDraft:
    return OtaModuleDraft(product_id, name, "", "", NOW_MS)._replace(**changes)


class TestOtaModules:
    async def test_round_trip(self, rig: Rig) -> None:
        """A module is found by its name in its case, in its product alone, and listed in the order of creation."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        draft = module_draft(first.product_id, "MCU", alias="马达", description="d" * 100)
        async with rig.store.transaction() as store:
            module_id = await store.ota_modules.add(draft)
            await store.ota_modules.add(module_draft(first.product_id, "ble"))
        wanted = OtaModule(module_id, first.product_id, "MCU", "马达", "d" * 100, NOW_MS, NOW_MS)
        async with (await rig.reopen()).snapshot() as store:
            assert await store.ota_modules.by_name(first.product_id, "MCU") == wanted
            for product_id, name in (
                (first.product_id, "mcu"),
                (second.product_id, "MCU"),
                (first.product_id, "default"),
            ):
                assert await store.ota_modules.by_name(product_id, name) is None
            listed = [module.name for module in await store.ota_modules.of_product(first.product_id)]
            assert listed == ["MCU", "ble"]
            assert [await store.ota_modules.total(place.product_id) for place in (first, second)] == [2, 0]
            assert await store.ota_modules.of_product(second.product_id) == []

    async def test_taken_name(self, rig: Rig) -> None:
        """A name is taken once a product, whatever its case."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            await store.ota_modules.add(module_draft(place.product_id, "Scanner"))
            for name in ("Scanner", "scanner", "SCANNER"):
                with pytest.raises(OtaModuleExistsError, match=name):
                    await store.ota_modules.add(module_draft(place.product_id, name))
            other = await store.products.add(product_draft(place.account_id, 2))
            await store.ota_modules.add(module_draft(other, "scanner"))

    async def test_modify_and_delete(self, rig: Rig) -> None:
        """Alias and description change; a deleted module is gone, and its name is free."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            await store.ota_modules.add(module_draft(place.product_id, "mcu"))
            module = await store.ota_modules.by_name(place.product_id, "mcu")
            assert module is not None
            changed = module._replace(alias="a", description="b")
            await store.ota_modules.modify(changed, NOW_MS + 1)
            found = await store.ota_modules.by_name(place.product_id, "mcu")
            assert found == changed._replace(modified_ms=NOW_MS + 1)
            await store.ota_modules.delete(module)
            assert await store.ota_modules.total(place.product_id) == 0
            await store.ota_modules.add(module_draft(place.product_id, "MCU"))

    async def test_firmware_of_a_module(self, rig: Rig) -> None:
        """A module has firmware when firmware of its product names it."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        async with rig.store.transaction() as store:
            found = []
            for place in (first, second):
                await store.ota_modules.add(module_draft(place.product_id, "mcu"))
                module = await store.ota_modules.by_name(place.product_id, "mcu")
                assert module is not None
                found.append(module)
            await store.firmware.add(firmware_draft(first, "1", name="n1"))
            assert not await store.ota_modules.has_firmware(found[0])
            await store.firmware.add(firmware_draft(first, "1", name="n2", module_name="mcu"))
            assert [await store.ota_modules.has_firmware(module) for module in found] == [True, False]


class TestUploadPurposes:
    async def test_A13_a_file_of_one_purpose_is_nothing_to_the_other(self, rig: Rig) -> None:
        """A list of devices is not found as firmware, nor firmware as a list; without a word it is firmware."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            for key, more in (("list", [UploadPurpose.DEVICE_LIST]), ("file", [UploadPurpose.FIRMWARE]), ("old", [])):
                await store.uploads.issue(place.account_id, key, NOW_MS + 100, NOW_MS, *more)
                await store.uploads.begin(key, NOW_MS)
                await store.uploads.finish(key, UploadedFile(key, SHA256, MD5, 1, NOW_MS, False))
            found = [
                [key for key in ("list", "file", "old") if await store.uploads.by_key(place.account_id, key, purpose)]
                for purpose in UploadPurpose
            ]
        assert found == [["file", "old"], ["list"]]
