"""Templates (mẫu tin): what notices say on each channel, in versions that operators save."""

from __future__ import annotations

from services.notify.templates.domain.render import WordingRefused
from services.notify.templates.domain.values import Particulars
from services.notify.templates.wordings import Overrides, Wordings

__all__ = ["Overrides", "Particulars", "WordingRefused", "Wordings"]
