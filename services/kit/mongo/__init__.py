"""MongoDB behind one thin door: `driver` knows the client library, the rest of the house knows `Mongo`."""

from __future__ import annotations

from services.kit.mongo.driver import Mongo, Session
from services.kit.mongo.transact import transact

__all__ = ["Mongo", "Session", "transact"]
