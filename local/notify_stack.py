"""Notify alone with its engines and the phone networks: what its benchmark and its fault tests run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from local.plan import ProcessPlan
from local.stack import Stack
from local.supervisor import Running

WORKER = "notify-worker"


@dataclass
class NotifyStack(Stack):
    """Nobody registers and nobody decides here: `local.dossier_news` tells what would have happened."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment of notify's processes on top of what every local installation gives them."""

    def _plans(self) -> list[ProcessPlan]:
        own = (plan for plan in super()._plans() if plan.name.startswith("notify"))
        return [replace(plan, env={**plan.env, **self.settings}) for plan in own]

    @property
    def worker(self) -> Running:
        """The process that sends."""
        return self.supervisor.running[WORKER]
