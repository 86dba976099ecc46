"""Where the contacts of officers are kept: one document a unit."""

from __future__ import annotations

from services.kit.store import Store
from services.notify.officers.officer import UnitOfficers

OFFICERS: Store[UnitOfficers] = Store("officers", UnitOfficers, reference=True)
