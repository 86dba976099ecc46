"""Notify alone with its engines and the phone networks: what its benchmark and its fault tests run on."""

from __future__ import annotations

from local.plan import ProcessPlan
from local.stack import Stack
from local.supervisor import Running

WORKER = "notify-worker"


class NotifyStack(Stack):
    """Nobody registers and nobody decides here: `local.dossier_news` tells what would have happened."""

    def _plans(self) -> list[ProcessPlan]:
        return [plan for plan in super()._plans() if plan.name.startswith("notify")]

    @property
    def worker(self) -> Running:
        """The process that sends."""
        return self.supervisor.running[WORKER]
