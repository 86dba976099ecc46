"""Everything one simulator process holds, put together, with its start, its end and its reset."""

from collections.abc import Callable
from functools import partial

from local.simulators.clock import Clock
from local.simulators.courier import Courier, Parcel
from local.simulators.esms_api import EsmsApi
from local.simulators.esms_callback import esms_callback
from local.simulators.esms_rules import EsmsRules
from local.simulators.faults import FaultBoard
from local.simulators.journal import Journal
from local.simulators.messages import Ledger, Message
from local.simulators.receipts import ReceiptDesk
from local.simulators.settings import SimulatorSettings
from local.simulators.smsc import Smsc
from local.simulators.speedsms_api import SpeedsmsApi
from local.simulators.speedsms_webhook import speedsms_report
from local.simulators.templates import TemplateShelf, ZaloTemplate
from local.simulators.vnpt_api import VnptApi
from local.simulators.zalo_api import ZaloApi
from local.simulators.zalo_oauth import ZaloOAuth
from local.simulators.zalo_quota import ZaloQuota
from local.simulators.zalo_rules import ZaloRules
from local.simulators.zalo_tokens import TokenBook
from local.simulators.zalo_webhook import ZaloWebhook


class Network:
    """The gateways and the phones behind them."""

    def __init__(self, settings: SimulatorSettings, wall: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = Clock(wall, settings.clock_offset_seconds)
        self.journal = Journal(settings.state_file)
        self.ledger = Ledger(self.journal)
        self.board = FaultBoard(settings)
        self.courier = Courier(settings.courier_workers)
        self.desk = ReceiptDesk(self.ledger, self.courier, self.clock)
        self.shelf = TemplateShelf(night_block=settings.zalo_night_block)
        self.quota = ZaloQuota(self.clock, settings.zalo_daily_quota)
        self.webhook = ZaloWebhook(settings, self.clock)
        self.tokens = TokenBook(
            self.journal,
            self.clock,
            access_seconds=settings.zalo_access_token_seconds,
            refresh_seconds=settings.zalo_refresh_token_seconds,
        )
        self.oauth = ZaloOAuth(settings, self.tokens, self.board)
        self.zalo = ZaloApi(
            tokens=self.tokens,
            rules=ZaloRules(settings, self.shelf, self.clock),
            shelf=self.shelf,
            quota=self.quota,
            board=self.board,
            ledger=self.ledger,
            desk=self.desk,
            clock=self.clock,
        )
        self.esms = EsmsApi(
            settings=settings,
            rules=EsmsRules(settings, self.ledger, self.clock),
            board=self.board,
            ledger=self.ledger,
            desk=self.desk,
            clock=self.clock,
        )
        self.speedsms = SpeedsmsApi(
            settings=settings,
            board=self.board,
            ledger=self.ledger,
            desk=self.desk,
            clock=self.clock,
            tell=self._tell,
        )
        self.vnpt = VnptApi(settings=settings, board=self.board, ledger=self.ledger, desk=self.desk, clock=self.clock)
        self.smsc = Smsc(settings=settings, board=self.board, ledger=self.ledger, desk=self.desk, clock=self.clock)
        self.desk.register("zalo", lambda message: self.webhook.receipt(message, self._note(message)))
        self.desk.register("esms", lambda message: esms_callback(settings, message, self._note(message)))
        self.desk.register("smpp", lambda message: self.smsc.receipt(message, self._note(message)))
        self.desk.register("speedsms", lambda message: speedsms_report(settings, message, self._note(message)))
        self.desk.register("vnpt", lambda _: None)  # pushes nothing: it is asked

    async def start(self) -> None:
        """Remember what an earlier process wrote, then take up its unfinished messages."""
        for record in self.journal.replay():
            self.ledger.replay(record)
            self.tokens.replay(record)
        self.quota.restore(self.ledger)
        self.esms.restore()
        self.speedsms.restore()
        self.vnpt.restore()
        await self.courier.start()
        self.desk.resume()
        await self.smsc.start()

    async def stop(self) -> None:
        """Stop timers and receipts, then close the journal."""
        self.desk.forget()
        await self.smsc.stop()
        await self.courier.stop()
        self.journal.close()

    async def reset(self) -> None:
        """Forget messages, faults, quotas, template states and the moved clock, but no token."""
        self.desk.forget()
        self.ledger.reset()
        self.board.reset()
        self.quota.reset()
        self.shelf.reset()
        self.esms.restore()
        self.speedsms.restore()
        self.vnpt.restore()
        self.zalo.refusals.clear()
        self.esms.refusals.clear()
        self.smsc.reset()
        self.speedsms.refusals.clear()
        self.vnpt.refusals.clear()
        self.clock.offset_seconds = self.settings.clock_offset_seconds
        await self.courier.forget()

    def change_quota(self, daily: int) -> None:
        """Move the daily quota in mid-campaign and tell the application."""
        previous, self.quota.daily = self.quota.daily, daily
        self._tell(self.webhook.daily_quota(previous, daily))

    def change_template(self, before: ZaloTemplate, after: ZaloTemplate) -> None:
        """Store a template's new state and tell the application when its status moved."""
        self.shelf.put(after)
        if before.status != after.status:
            self._tell(self.webhook.template_status(after.template_id, before.status, after.status))

    def _tell(self, parcel: Parcel | None) -> None:
        if parcel is not None:
            self.courier.send(parcel)

    def _note(self, message: Message) -> Callable[[bool, bool], None]:
        return partial(_note_attempt, self.ledger, message)


def _note_attempt(ledger: Ledger, message: Message, acked: bool, closed: bool) -> None:
    ledger.receipt(message, acked=acked, closed=closed)
