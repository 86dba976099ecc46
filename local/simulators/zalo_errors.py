"""Zalo's error codes on the template-message host, with the vendor's wording (Zalo ZBS: error codes)."""

from typing import Any

MESSAGES: dict[int, str] = {
    -32: "Your application reached limit call api",
    -104: "App secret key invalid",
    -107: "Message ID invalid",
    -108: "Phone number invalid",
    -109: "Template ID invalid",
    -111: "Template data empty",
    -112: "Template data invalid",
    -1121: "Template data invalid: parameter exceeds the maximum length",
    -1122: "Template data invalid: parameter is missing",
    -1124: "Template data invalid: parameter has the wrong format",
    -114: "User is inactive, or reject the message, or using an outdated Zalo version, or other internal errors",
    -118: "Zalo account not existed",
    -119: "Account can not receive message",
    -121: "Body has no content",
    -122: "Body is not valid JSON",
    -124: "Access token is invalid",
    -127: "Test template can only be sent to administrators",
    -131: "Template is not approved",
    -132: "Parameter invalid",
    -133: "Mẫu ZNS này không được phép gửi vào ban đêm (từ 22h-6h)",
    -139: "User refused this kind of message",
    -141: "User refused messages from this Official Account",
    -144: "OA exceeded its daily quota",
    -146: "Template is disabled for low sending quality",
    -147: "Template exceeded its daily quota",
    -161: "sending_mode is invalid",
    -162: "sending_mode 3 is not supported for this template tag",
}


class ZaloRefusal(Exception):
    """A business error: it leaves the gateway as HTTP 200 with `error` other than 0."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.text = MESSAGES[code] + (f" ({detail})" if detail else "")
        super().__init__(self.text)

    def as_json(self) -> dict[str, Any]:
        """Return the body of the reply."""
        return {"error": self.code, "message": self.text, "data": None}
