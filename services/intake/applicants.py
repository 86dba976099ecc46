"""Reading people from outside: shapes, the phone, the identity number. Errors carry a slug and a sentence."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Literal, Self, TypeVar

import orjson
import phonenumbers
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from contracts.problems import Invalid
from services.intake.domain.people import Applicant, Mandate, Receiver
from services.kit.sealing import Opener, Sealer

_SURROGATE = re.compile("[\ud800-\udfff]")
_PHONE_SIGNS = re.compile(r"^\+?[\d\s().\-]+$")
_CITIZEN_ID = re.compile(r"^\d{12}$", re.ASCII)
_TAX_CODE = re.compile(r"^\d{10}(-\d{3})?$", re.ASCII)
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$")


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


def email_address(value: str) -> str:
    """Raises: PydanticCustomError `email-invalid`."""
    if len(value) > 200 or not _EMAIL.match(value):
        raise PydanticCustomError("email-invalid", "Địa chỉ email không hợp lệ.")
    return value


Text = Annotated[str, BeforeValidator(_nfc), Field(min_length=1, max_length=200)]
Prose = Annotated[str, BeforeValidator(_nfc), Field(min_length=1, max_length=4000)]
"""What people write in their own words."""


class PersonIn(BaseModel):
    """A citizen or organisation as counters send it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["citizen", "organisation"] = "citizen"
    full_name: Text
    id_number: Annotated[str, BeforeValidator(_nfc)] | None = None
    """Số định danh cá nhân, 12 digits (Luật Căn cước 2023 Art 12); mã số thuế for an organisation."""
    phone: Annotated[str, BeforeValidator(_nfc), AfterValidator(mobile_phone)] | None = None
    address: Text | None = None
    email: Annotated[str, BeforeValidator(_nfc), AfterValidator(email_address)] | None = None

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
        return Applicant(self.kind, self.full_name, self.id_number, self.phone, self.address, self.email)


class ApplicantIn(PersonIn):
    """The owner of the dossier (chủ hồ sơ), and how they want to be told."""

    notify_by: Literal["zalo", "sms", "none"] = "zalo"
    """Preferred channel; `none`: no notices wanted."""


class MandateIn(BaseModel):
    """What entitles the mandated person (giấy tờ ủy quyền)."""

    model_config = ConfigDict(extra="forbid")

    paper: Text
    number: Text | None = None
    signed_on: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.signed_on and self.valid_until and self.valid_until < self.signed_on:
            raise PydanticCustomError("mandate-dates-wrong", "Ngày hết hạn ủy quyền trước ngày ký.")
        return self

    def mandate(self) -> Mandate:
        return Mandate(self.paper, self.number, self.signed_on, self.valid_until)


class OthersIn(BaseModel):
    """The other people of a dossier: who hands it in (người nộp), who acts for the owner (người được ủy quyền)."""

    model_config = ConfigDict(extra="forbid")

    submitter: PersonIn | None = None
    """Absent: the owner."""
    mandated: PersonIn | None = None
    mandate: MandateIn | None = None
    return_address: Text | None = None
    """Where the postal service brings the result."""
    clerk: Text | None = None
    """Người tiếp nhận, printed on the receipt."""

    @model_validator(mode="after")
    def _mandate_is_shown(self) -> Self:
        if (self.mandated is None) != (self.mandate is None):
            raise PydanticCustomError("mandate-missing", "Người được ủy quyền phải đi cùng giấy tờ ủy quyền.")
        return self

    def phone_of_somebody(self) -> str | None:
        """Whom to tell when the owner has no phone."""
        people = (self.submitter, self.mandated)
        return next((person.phone for person in people if person is not None and person.phone is not None), None)


class ReceiverIn(BaseModel):
    """Who took the result, when it was nobody of the dossier."""

    model_config = ConfigDict(extra="forbid")

    full_name: Text
    id_number: Annotated[str, BeforeValidator(_nfc)] | None = None

    @model_validator(mode="after")
    def _id_has_twelve_digits(self) -> Self:
        if self.id_number is not None and not _CITIZEN_ID.match(self.id_number):
            raise PydanticCustomError("citizen-id-invalid", "Số định danh cá nhân phải có đúng 12 chữ số.")
        return self

    def receiver(self) -> Receiver:
        return Receiver(self.full_name, self.id_number)


def sealed_contact(applicant: ApplicantIn, others: OthersIn, sealer: Sealer | None) -> str | None:
    """What notify needs, sealed for it; None when no notice is wanted or possible."""
    phone = applicant.phone or others.phone_of_somebody()
    if phone is None or applicant.notify_by == "none" or sealer is None:
        return None
    return sealer.seal(orjson.dumps({"phone": phone, "channel": applicant.notify_by}))


M = TypeVar("M", bound=BaseModel)


def open_sealed(opener: Opener, sealed: str, model: type[M]) -> M:
    """Open and read what a counter's software sealed.

    Raises: Invalid `sealed-box-unreadable`, and as `read_opened`.
    """
    return read_opened(opener.open(sealed), model)


def read_opened(plain: bytes, model: type[M]) -> M:
    """Raises: Invalid with the slug of the first wrong field, or `applicant-invalid`."""
    try:
        return model.model_validate_json(plain)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        own = "-" in first["type"]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            first["type"] if own else "applicant-invalid",
            first["msg"] if own else f"Dữ liệu đã niêm phong chưa đúng ở mục {place or 'đầu'} ({first['type']}).",
        ) from None
