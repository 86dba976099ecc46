"""How long something has waited, in a few words."""

from __future__ import annotations


def shown_age(seconds: float) -> str:
    """`5 giây`, `3 phút`, `2 giờ`, `4 ngày`: the largest unit that is full."""
    for size, unit in ((86_400, "ngày"), (3600, "giờ"), (60, "phút")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} giây"
