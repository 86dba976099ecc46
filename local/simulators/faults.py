"""Faults that strike at random, at rates set from outside while the gateways run."""

import random
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from local.simulators.magic import Quirk
from local.simulators.messages import PROVIDERS, Provider, ReceiptPlan
from local.simulators.settings import SimulatorSettings

Rate = Annotated[float, Field(ge=0.0, le=1.0)]


class Faults(BaseModel):
    """The share of requests or messages that each fault strikes, between 0 and 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    http_502: Rate = 0.0
    throttle: Rate = 0.0
    timeout_after_accept: Rate = 0.0
    drop_after_accept: Rate = 0.0
    never_delivered: Rate = 0.0
    receipt_never: Rate = 0.0
    receipt_twice: Rate = 0.0
    receipt_late: Rate = 0.0
    receipt_before_reply: Rate = 0.0
    receipt_delay_ms: tuple[NonNegativeInt, NonNegativeInt]
    receipt_late_ms: NonNegativeInt
    hang_ms: PositiveInt
    oauth_error_as_string: bool = False
    providers: tuple[Provider, ...] = PROVIDERS
    refuse_with: dict[Literal["speedsms", "vnpt", "smpp"], str] = Field(default_factory=dict)
    """The code with which a gateway refuses everything, whatever `providers` says: for codes nothing else provokes."""

    @classmethod
    def initial(cls, settings: SimulatorSettings) -> Self:
        """Return the state without faults, with the delays of the settings."""
        return cls(
            receipt_delay_ms=(settings.receipt_delay_min_ms, settings.receipt_delay_max_ms),
            receipt_late_ms=settings.receipt_late_ms,
            hang_ms=settings.hang_ms,
            oauth_error_as_string=settings.zalo_oauth_error_as_string,
        )

    @model_validator(mode="after")
    def _delay_is_a_range(self) -> Self:
        if self.receipt_delay_ms[0] > self.receipt_delay_ms[1]:
            raise ValueError("receipt_delay_ms must be [least, most]")
        return self


class FaultBoard:
    """Rolls the dice. The generator is seeded, so the same order of requests meets the same faults."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._dice = random.Random(settings.seed)
        self.faults = Faults.initial(settings)

    def reset(self) -> None:
        """Take all faults away and start the dice anew."""
        self._dice = random.Random(self._settings.seed)
        self.faults = Faults.initial(self._settings)

    def bad_gateway(self, provider: Provider) -> bool:
        """Tell whether this request dies in front of the gateway, uncounted."""
        return self._strikes(provider, self.faults.http_502)

    def throttled(self, provider: Provider) -> bool:
        """Tell whether this request is refused for its rate."""
        return self._strikes(provider, self.faults.throttle)

    def refusal(self, provider: Literal["speedsms", "vnpt", "smpp"]) -> str | None:
        """Return the code with which the gateway refuses everything now."""
        return self.faults.refuse_with.get(provider)

    def hangs(self, provider: Provider) -> bool:
        """Tell whether the reply to a counted message is withheld until the client gives up."""
        return self._strikes(provider, self.faults.timeout_after_accept)

    def drops(self, provider: Provider, quirk: Quirk) -> bool:
        """Tell whether the connection of a counted message is closed without a reply."""
        return quirk is Quirk.ACCEPT_THEN_DROP or self._strikes(provider, self.faults.drop_after_accept)

    def plan(self, provider: Provider, quirk: Quirk, accepted_at: int, not_before: int | None = None) -> ReceiptPlan:
        """Decide what becomes of a message, `not_before` being the hour its sender asked for."""
        faults = self.faults
        before = quirk is Quirk.RECEIPT_BEFORE_REPLY or self._strikes(provider, faults.receipt_before_reply)
        late = quirk is Quirk.RECEIPT_LATE or self._strikes(provider, faults.receipt_late)
        twice = quirk is Quirk.RECEIPT_TWICE or self._strikes(provider, faults.receipt_twice)
        lost = self._strikes(provider, faults.receipt_never)
        never = quirk is Quirk.NEVER_DELIVERED or self._strikes(provider, faults.never_delivered)
        delay = 0 if before else self._dice.randint(*faults.receipt_delay_ms)
        at = max(accepted_at, not_before or 0) + delay
        return ReceiptPlan(
            deliver_at=None if never else at,
            receipt_at=at + (faults.receipt_late_ms if late else 0),
            copies=0 if never or lost else 2 if twice else 1,
            outcome="failed" if quirk is Quirk.DELIVERY_FAILED else "delivered",
            before_reply=before and not (never or lost or late) and not_before is None,
        )

    def _strikes(self, provider: Provider, rate: float) -> bool:
        return rate > 0.0 and provider in self.faults.providers and self._dice.random() < rate
