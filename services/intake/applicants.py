"""Reading an applicant from outside: shapes, the phone, the identity number. Errors carry a slug and a sentence."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal, Self

import orjson
import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from contracts.problems import Invalid
from services.intake.domain.dossier import Applicant
from services.kit.sealing import Sealer

_SURROGATE = re.compile("[\ud800-\udfff]")
_PHONE_SIGNS = re.compile(r"^\+?[\d\s().\-]+$")
_CITIZEN_ID = re.compile(r"^\d{12}$", re.ASCII)
_TAX_CODE = re.compile(r"^\d{10}(-\d{3})?$", re.ASCII)


def _nfc(value: object) -> object:
    """Decomposed Vietnamese letters look the same but compare and count differently.

    Raises: PydanticCustomError `text-not-unicode`: half a surrogate pair, which JSON can say and no database can store.
    """
    if not isinstance(value, str):
        return value
    if _SURROGATE.search(value):
        raise PydanticCustomError("text-not-unicode", "Văn bản có ký tự không hợp lệ.")
    return unicodedata.normalize("NFC", value).strip()


def mobile_phone(value: str) -> str:
    """A Vietnamese mobile number in any usual spelling, as `0` and nine digits.

    Raises: PydanticCustomError `phone-invalid`, `phone-not-mobile`.
    """
    # phonenumbers would turn letters into the digits of their keys and drop what stands around a number.
    if not _PHONE_SIGNS.match(value):
        raise PydanticCustomError("phone-invalid", "Số điện thoại không hợp lệ.")
    try:
        number = phonenumbers.parse(value, "VN")
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("phone-invalid", "Số điện thoại không hợp lệ.") from None
    if not phonenumbers.is_valid_number(number) or number.country_code != 84:
        raise PydanticCustomError("phone-invalid", "Số điện thoại không hợp lệ.")
    if phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        raise PydanticCustomError("phone-not-mobile", "Cần số di động để nhận thông báo.")
    return f"0{number.national_number}"


Text = Annotated[str, BeforeValidator(_nfc), Field(min_length=1, max_length=200)]


class ApplicantIn(BaseModel):
    """The applicant as counters send it (chủ hồ sơ)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["citizen", "organisation"] = "citizen"
    full_name: Text
    id_number: Annotated[str, BeforeValidator(_nfc)] | None = None
    """Số định danh cá nhân, 12 digits (Luật Căn cước 2023 Art 12); mã số thuế for an organisation."""
    phone: Annotated[str, BeforeValidator(_nfc), AfterValidator(mobile_phone)] | None = None
    address: Text | None = None
    notify_by: Literal["zalo", "sms", "none"] = "zalo"
    """Preferred channel; `none`: no notices wanted."""

    @model_validator(mode="after")
    def _id_fits_kind(self) -> Self:
        if self.id_number is None:
            return self
        if self.kind == "citizen" and not _CITIZEN_ID.match(self.id_number):
            raise PydanticCustomError("citizen-id-invalid", "Số định danh cá nhân phải có đúng 12 chữ số.")
        if self.kind == "organisation" and not _TAX_CODE.match(self.id_number):
            raise PydanticCustomError("tax-code-invalid", "Mã số thuế phải có 10 chữ số, hoặc 10 và 3 chữ số.")
        return self

    def applicant(self) -> Applicant:
        return Applicant(self.kind, self.full_name, self.id_number, self.phone, self.address)

    def contact(self, sealer: Sealer | None) -> str | None:
        """What notify needs, sealed for it; None when no notice is wanted or possible."""
        if self.phone is None or self.notify_by == "none" or sealer is None:
            return None
        return sealer.seal(orjson.dumps({"phone": self.phone, "channel": self.notify_by}))


def open_applicant(plain: bytes) -> ApplicantIn:
    """Read an applicant that a counter's software sealed.

    Raises: Invalid with the slug of the first wrong field, or `applicant-invalid`.
    """
    try:
        return ApplicantIn.model_validate_json(plain)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        own = "-" in first["type"]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            first["type"] if own else "applicant-invalid", first["msg"] if own else f"{place}: {first['type']}"
        ) from None
