"""The policy (quy định về thời gian và trách nhiệm) as a file brings it and as people read it."""

from __future__ import annotations

from services.routing.policies.read import PolicyFile, read_policy
from services.routing.policies.shown import as_data, as_yaml

__all__ = ["PolicyFile", "as_data", "as_yaml", "read_policy"]
