"""What Zalo checks of a template message before it takes it, in the order it is checked here.

The vendor publishes the codes, not their order. Cheap checks of the caller's own making come first, the recipient
and the quota last, so that a wrong request never costs quota.
"""

from dataclasses import dataclass
from typing import Any

from local.simulators.clock import Clock, is_night
from local.simulators.magic import Manners, manners_of
from local.simulators.phone_numbers import zalo_phone
from local.simulators.settings import SimulatorSettings
from local.simulators.templates import DATE_FORMAT, Parameter, TemplateShelf, ZaloTemplate
from local.simulators.zalo_errors import ZaloRefusal

TRACKING_ID_MAX = 48  # Zalo ZBS: send message
STATE_REFUSALS = {"PENDING_REVIEW": -131, "REJECT": -131, "DISABLE": -146}


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request whose form is right; the recipient has not been asked yet."""

    phone: str
    template: ZaloTemplate
    data: dict[str, str]
    tracking_id: str
    sending_mode: str
    development: bool
    manners: Manners


class ZaloRules:
    """The checks, with the settings and the state they depend on."""

    def __init__(self, settings: SimulatorSettings, shelf: TemplateShelf, clock: Clock) -> None:
        self._settings = settings
        self._shelf = shelf
        self._clock = clock
        self._admins = {zalo_phone(phone) for phone in settings.zalo_admin_phones}

    def check(self, body: dict[str, Any]) -> CheckedRequest:
        """Return the request in its checked form.

        Raises:
            ZaloRefusal: with the code of the first rule that the request breaks.
        """
        if not body:
            raise ZaloRefusal(-121)
        phone = zalo_phone(body.get("phone"))
        if phone is None:
            raise ZaloRefusal(-108)
        template = self._template(body.get("template_id"))
        tracking_id = body.get("tracking_id")
        if not isinstance(tracking_id, str) or not 0 < len(tracking_id) <= TRACKING_ID_MAX:
            raise ZaloRefusal(-132, f"tracking_id is required, at most {TRACKING_ID_MAX} characters")
        sending_mode = _sending_mode(body.get("sending_mode", "1"), template)
        data = _template_data(template, body.get("template_data"))
        development = body.get("mode") == "development"
        if development and phone not in self._admins:
            raise ZaloRefusal(-127)
        if template.night_block and is_night(self._clock.vietnam()):
            raise ZaloRefusal(-133)
        manners = manners_of(phone, self._settings.no_zalo_every)
        return CheckedRequest(phone, template, data, tracking_id, sending_mode, development, manners)

    def _template(self, template_id: object) -> ZaloTemplate:
        if not isinstance(template_id, str):
            raise ZaloRefusal(-132, "template_id must be a string")
        template = self._shelf.find(template_id)
        if template is None:
            raise ZaloRefusal(-109)
        if template.status in STATE_REFUSALS:
            raise ZaloRefusal(STATE_REFUSALS[template.status])
        return template


def _sending_mode(mode: object, template: ZaloTemplate) -> str:
    if mode not in ("1", "3"):
        raise ZaloRefusal(-161)
    if mode == "3" and template.tag != "PROMOTION":
        raise ZaloRefusal(-162)
    return str(mode)


def _template_data(template: ZaloTemplate, data: object) -> dict[str, str]:
    if data is None or data == {}:
        raise ZaloRefusal(-111)
    if not isinstance(data, dict):
        raise ZaloRefusal(-112, "template_data must be an object")
    return {one.name: value for one in template.parameters if (value := _value(one, data.get(one.name))) is not None}


def _value(parameter: Parameter, value: object) -> str | None:
    """Check one value by its `listParams` entry; the length is that of the text as sent, decomposed or not."""
    name = parameter.name
    if value is None or value == "":
        if parameter.required and not parameter.accept_null:
            raise ZaloRefusal(-1122, name)
        return None
    if not isinstance(value, str):
        raise ZaloRefusal(-112, f"{name} must be a string")
    if len(value) > parameter.max_length:
        raise ZaloRefusal(-1121, f"{name}, maximum {parameter.max_length}")
    if len(value) < parameter.min_length or (parameter.is_date and not DATE_FORMAT.fullmatch(value)):
        raise ZaloRefusal(-1124, name)
    return value
