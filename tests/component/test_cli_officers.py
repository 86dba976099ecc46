"""`motcua officers` as operators use it: real processes, exit codes and words, and no phone on any screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.kit.mongo import Mongo
from services.kit.sealing import Opener, new_private_key
from services.notify.contact import open_contact
from services.notify.officers.store import OFFICERS
from tests.component.cli_fixtures import motcua
from tests.component.cli_fixtures import place as place
from tests.drivers import DRIVER

FILE = """unit,label,phone,channel,kinds
H12.970,Trưởng phòng [x],0901234567,zalo,due_soon;overdue
H12.970,Chuyên viên,0901234568,sms,quá hạn
H12,Chánh văn phòng,0901234567,,
"""
DIGITS = "9012345"


@pytest.fixture
def opener(place: dict[str, str]) -> Opener:
    opener = Opener(new_private_key())
    place["NOTIFY_PUBLIC_KEY"] = opener.public_key
    return opener


async def test_contacts_are_imported_sealed_and_shown_without_their_phones(
    place: dict[str, str], opener: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "officers.csv"
    file.write_text(FILE, encoding="utf-8")
    notify = Mongo(place["MONGODB_URL"], f"{place['MONGODB_PREFIX']}_notify", driver=DRIVER)
    tried = await motcua("officers", "import", str(file), "--dry-run", **place)
    assert (tried.code, "Chưa lưu gì" in tried.out) == (0, True)
    assert await OFFICERS.read(notify, "H12.970") is None
    done = await motcua("officers", "import", str(file), **place)
    assert (done.code, "Đã nạp đầu mối của 2 đơn vị" in done.out) == (0, True)
    unit = await OFFICERS.read(notify, "H12.970")
    assert unit is not None
    assert [open_contact(opener, officer.sealed).phone for officer in unit.officers] == ["84901234567", "84901234568"]
    shown = await motcua("officers", "show", "H12.970", **place)
    assert (shown.code, "Trưởng phòng [x]" in shown.out, "sắp đến hạn" in shown.out) == (0, True, True)
    file.write_text(FILE.replace("Chuyên viên", "Văn thư"), encoding="utf-8")
    again = await motcua("officers", "import", str(file), **place)
    assert [line for line in again.out.splitlines() if "bỏ" in line and "Chuyên viên" in line]
    assert [line for line in again.out.splitlines() if "thêm" in line and "Văn thư" in line]
    kept = await OFFICERS.read(notify, "H12.970")
    assert kept is not None
    assert kept.officers[0].id == unit.officers[0].id
    for ended in (tried, done, shown, again):
        assert DIGITS not in ended.said
    nobody = await motcua("officers", "show", "H98", **place)
    assert (nobody.code, "chưa có đầu mối nào" in nobody.out) == (0, True)
    await notify.close()


async def test_a_file_with_a_fault_is_refused_whole_with_its_lines(
    place: dict[str, str], opener: Opener, tmp_path: Path
) -> None:
    file = tmp_path / "officers.csv"
    file.write_text(FILE + "H13,Trưởng phòng,02438220000,,\nH14,,0901234560,,\n", encoding="utf-8")
    refused = await motcua("officers", "import", str(file), **place)
    assert (refused.code, "officers-refused" in refused.err) == (2, True)
    assert "phone-not-mobile" in refused.out
    assert "officer-label-missing" in refused.out
    assert DIGITS not in refused.said
    notify = Mongo(place["MONGODB_URL"], f"{place['MONGODB_PREFIX']}_notify", driver=DRIVER)
    assert await notify.collection(OFFICERS.collection).count_documents({}) == 0
    await notify.close()


async def test_without_the_public_key_or_a_file_nothing_is_imported(place: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "officers.csv"
    file.write_text(FILE, encoding="utf-8")
    off = await motcua("officers", "import", str(file), **place)
    assert (off.code, "officers-off" in off.err) == (2, True)
    missing = await motcua("officers", "import", str(tmp_path / "none.csv"), **place)
    assert (missing.code, "file-unreadable" in missing.err) == (2, True)
