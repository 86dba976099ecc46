"""Which phones had something happen to them, so that a wall of phones is told and need not ask for everything."""

from collections import OrderedDict

from local.simulators.messages import Ledger

MOST_REMEMBERED = 5_000


class WallNews:
    """Numbers every change of the ledger and remembers the latest one of each phone."""

    def __init__(self, ledger: Ledger, most: int = MOST_REMEMBERED) -> None:
        self.number = 0
        self._most = most
        self._forgotten = 0
        """Up to this change it is no longer known which phones were concerned."""
        self._latest: OrderedDict[str, int] = OrderedDict()
        ledger.on_change = self._note

    def since(self, number: int) -> list[str] | None:
        """Return the phones that changed after this number, the earliest first; None: look at everything anew."""
        if not self._forgotten <= number <= self.number:
            return None
        found = []
        for phone in reversed(self._latest):
            if self._latest[phone] <= number:
                break
            found.append(phone)
        return found[::-1]

    def _note(self, phone: str | None) -> None:
        self.number += 1
        if phone is None:
            self._latest.clear()
            self._forgotten = self.number
            return
        self._latest[phone] = self.number
        self._latest.move_to_end(phone)
        if len(self._latest) > self._most:
            _, self._forgotten = self._latest.popitem(last=False)
