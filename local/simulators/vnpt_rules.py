"""What VNPT checks of a call before it takes it (VNPT SMS Brandname: send_sms_list, create_template, error table)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.simulators.clock import VIETNAM, Clock
from local.simulators.magic import Quirk, manners_of
from local.simulators.messages import Ledger
from local.simulators.phone_numbers import esms_phone, telco_of
from local.simulators.settings import SimulatorSettings
from local.simulators.sms_parts import count_parts
from local.simulators.vnpt_templates import VnptShelf, gaps_of

CUSTOMER_CARE = "1"
UNACCENTED, ACCENTED = "0", "8"
VINAPHONE = 3
SCHEDULE_FORMAT = "%d/%m/%Y %H:%M"
_XML_SPECIAL = frozenset("<>&\"'")

DESCRIPTIONS: dict[str, str] = {
    "-1": "Request chua ky tu dac biet cua XML, du lieu dai qua hoac loi noi bo",
    "0": "success",
    "1": "Username, password, IP khong hop le",
    "2": "Thoi gian dat lich sai dinh dang",
    "3": "Method khong hop le",
    "7": "Template khong hop le hoac khong ton tai voi nhan va dai ly",
    "8": "Sai thoi gian quy dinh gui tin nhan",
    "9": "Contract type khong hop le",
    "10": "User name khong hop le",
    "11": "Do dai tin nhan khong hop le",
    "12": "Thoi gian khong hop le voi chinh sach",
    "13": "Hop dong khong dung",
    "14": "Label khong dung",
    "15": "Agent khong hop le",
    "16": "Qua toc do gui tin nhan cho phep",
    "17": "Dinh dang ky tu khong hop le",
    "20": "Het goi tin cua hop dong",
    "21": "Het goi tin cua khach hang",
    "22": "Het goi tin cua dai ly",
    "23": "Gui nhieu mang trong mot lenh hoac so dien thoai khong hop le",
    "24": "Thoi gian dat lich som hon thoi gian hien tai",
    "25": "Sai mang hoac label khong hop le",
    "26": "Thue bao da nhan 3 request quang cao trong ngay",
    "30": "Tin nhan chua tu khoa vi pham",
    "31": "Trang thai khach hang khong hop le",
    "32": "Template id cu khong hop le",
    "33": "Gui trung request id",
}


class VnptRefusal(Exception):
    """A business error: it leaves the gateway as HTTP 200 with an ERROR other than 0."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(DESCRIPTIONS.get(code, "Loi khong xac dinh"))


@dataclass(frozen=True, slots=True)
class CheckedList:
    """A call that the gateway takes."""

    phones: tuple[str, ...]
    text: str
    parts: int
    template_id: str
    request_id: str
    not_before_ms: int | None
    quirk: Quirk


class VnptRules:
    """The checks, with the settings, the templates and the ledger they depend on."""

    def __init__(self, settings: SimulatorSettings, shelf: VnptShelf, ledger: Ledger, clock: Clock) -> None:
        self._settings = settings
        self._shelf = shelf
        self._ledger = ledger
        self._clock = clock

    def authorise(self, fields: dict[str, Any]) -> None:
        """Check the keys, which travel in the body.

        Raises:
            VnptRefusal: 1.
        """
        if (fields.get("APIUSER"), fields.get("APIPASS")) != (
            self._settings.vnpt_api_user,
            self._settings.vnpt_api_pass,
        ):
            raise VnptRefusal("1")

    def check(self, fields: dict[str, Any]) -> CheckedList:
        """Return the call in its checked form.

        Raises:
            VnptRefusal: with the code of the first rule that the call breaks.
        """
        self._check_account(fields)
        not_before = self._schedule(fields.get("SCHEDULETIME"))
        phones, quirk = self._phones(fields.get("MOBILELIST"))
        text = self._text(fields)
        self._check_coding(fields.get("DATACODING"), text, phones)
        parts = count_parts(text)
        if parts > self._settings.vnpt_parts_max:
            raise VnptRefusal("11")
        request_id = fields.get("REQID")
        if not isinstance(request_id, str) or not request_id:
            raise VnptRefusal("-1")
        if self._ledger.by_request_id("vnpt", request_id) is not None:
            raise VnptRefusal("33")
        return CheckedList(phones, text, parts, str(fields["TEMPLATEID"]), request_id, not_before, quirk)

    def check_template(self, fields: dict[str, Any]) -> tuple[str, int]:
        """Return the text to register and the number of its parameters.

        Raises:
            VnptRefusal: with the code of the first rule that the call breaks.
        """
        for name, right, code in (
            ("USERNAME", self._settings.vnpt_username, "10"),
            ("AGENTID", self._settings.vnpt_agent_id, "15"),
            ("LABELID", self._settings.vnpt_label_id, "14"),
        ):
            if str(fields.get(name)) != right:
                raise VnptRefusal(code)
        content, total = fields.get("CONTENT"), str(fields.get("TOTALPARAMS"))
        if not isinstance(content, str) or not content.strip():
            raise VnptRefusal("11")
        if not total.isdecimal() or gaps_of(content) != set(range(1, int(total) + 1)):
            raise VnptRefusal("7")
        return content, int(total)

    def _check_account(self, fields: dict[str, Any]) -> None:
        settings = self._settings
        for name, right, code in (
            ("CONTRACTTYPEID", CUSTOMER_CARE, "9"),
            ("USERNAME", settings.vnpt_username, "10"),
            ("CONTRACTID", settings.vnpt_contract_id, "13"),
            ("LABELID", settings.vnpt_label_id, "14"),
            ("AGENTID", settings.vnpt_agent_id, "15"),
        ):
            if str(fields.get(name)) != right:
                raise VnptRefusal(code)

    def _schedule(self, value: object) -> int | None:
        if value is None or value == "":
            return None
        try:
            moment = datetime.strptime(str(value), SCHEDULE_FORMAT).replace(tzinfo=VIETNAM)
        except ValueError as error:
            raise VnptRefusal("2") from error
        if moment.timestamp() < self._clock.now():
            raise VnptRefusal("24")
        return int(moment.timestamp() * 1000)

    def _phones(self, value: object) -> tuple[tuple[str, ...], Quirk]:
        """One call is for phones of one network: their numbers can be of several only by portability."""
        phones = [esms_phone(one.strip()) for one in str(value or "").split(",")]
        good = tuple(phone for phone in phones if phone is not None)
        if len(good) != len(phones) or len({telco_of(phone) for phone in good}) != 1:
            raise VnptRefusal("23")
        if telco_of(good[0]) in self._settings.vnpt_missing_networks:
            raise VnptRefusal("25")
        manners = [manners_of(phone, self._settings.no_zalo_every) for phone in good]
        code = next((one.codes["vnpt"] for one in manners if "vnpt" in one.codes), None)
        if code is not None:
            raise VnptRefusal(code)
        return good, next((one.sms for one in manners if one.sms is not Quirk.NONE), Quirk.NONE)

    def _text(self, fields: dict[str, Any]) -> str:
        template, given = self._shelf.find(fields.get("TEMPLATEID")), fields.get("PARAMS")
        if template is None or not isinstance(given, list):
            raise VnptRefusal("7")
        parameters: dict[int, str] = {}
        for one in given:
            number = str(one.get("NUM")) if isinstance(one, dict) else ""
            if not number.isdecimal() or not isinstance(one.get("CONTENT"), str):
                raise VnptRefusal("7")
            parameters[int(number)] = one["CONTENT"]
        if len(given) != template.total_params or set(parameters) != set(range(1, template.total_params + 1)):
            raise VnptRefusal("7")
        if any(_XML_SPECIAL & set(content) for content in parameters.values()):
            raise VnptRefusal("-1")
        return template.render(parameters)

    def _check_coding(self, coding: object, text: str, phones: tuple[str, ...]) -> None:
        """Accented texts are for VinaPhone's own subscribers."""
        if coding == ACCENTED and telco_of(phones[0]) != VINAPHONE:
            raise VnptRefusal("25")
        if coding not in (ACCENTED, UNACCENTED) or (coding == UNACCENTED and not text.isascii()):
            raise VnptRefusal("17")
