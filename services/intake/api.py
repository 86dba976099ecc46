"""The intake API process: HTTP and MongoDB only. Counters go on registering while Kafka is away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fastapi import APIRouter, FastAPI

from services.intake.attachments.receiving import Receiver
from services.intake.attachments.slots import Slots
from services.intake.citizen_site import body_limits, citizen_site
from services.intake.code_sender import CodeSender
from services.intake.collecting import Collecting
from services.intake.commands.rate_dossier import RatingPolicy
from services.intake.console.catalogue import MOST_AROUND
from services.intake.console.catalogue import PATH as CATALOGUE_PAGE
from services.intake.console.pages import intake_console
from services.intake.desk.office import Office
from services.intake.desk.pages import desk_pages
from services.intake.desk.scans import PATH as SCANS
from services.intake.domain.attachment import Room
from services.intake.draft_limits import DraftLimits
from services.intake.handing_in import HandIn
from services.intake.http import read_routes, register_routes
from services.intake.http_books import Bindery, book_routes
from services.intake.http_catalogue import Importer, catalogue_routes
from services.intake.http_citizen import citizen_routes, supplement_routes
from services.intake.http_collect import collect_routes
from services.intake.http_desk import desk_routes
from services.intake.http_drafts import FILES_PATH as DRAFT_FILES
from services.intake.http_drafts import MOST_CONTENT, draft_routes
from services.intake.http_drafts import PATH as DRAFTS
from services.intake.http_feedback import feedback_routes
from services.intake.http_files import PATH as FILES
from services.intake.http_files import file_routes
from services.intake.http_form import form_routes
from services.intake.http_public import public_routes
from services.intake.http_ratings import rating_routes
from services.intake.http_registers import PATH as REGISTERS
from services.intake.http_registers import register_file_routes
from services.intake.http_slips import slip_routes
from services.intake.papers_page import paper_pages
from services.intake.public_limits import PublicLimits
from services.intake.settings import IntakeSettings
from services.intake.slips.letterhead import Letterhead
from services.intake.slips.sheet import Printer
from services.intake.store import MORE, STORES
from services.intake.tables import MOST_BYTES
from services.intake.tracking import Tracking
from services.kit.api import make_api
from services.kit.commit import Committer
from services.kit.files import GridFiles
from services.kit.limiter import Limiter
from services.kit.mongo import Mongo
from services.kit.process import configure, serve
from services.kit.sealing import Opener, Sealer
from services.kit.web.web import Web

PROCESS = "intake-api"
WEB_FOLDER = Path(__file__).parent / "web"
"""Templates of the pages, and in `static` their files."""
SOURCE = "/intake"


def create_app(settings: IntakeSettings) -> FastAPI:
    """Wire the API."""
    mongo = settings.mongo("intake")
    now = settings.clock().now
    private = settings.intake_private_key
    public_key = Opener(private.get_secret_value()).public_key if private else None
    sealer = Sealer(settings.notify_public_key) if settings.notify_public_key else None
    committer = Committer(mongo, SOURCE, now)
    receiver = Receiver(GridFiles(mongo, now), Slots(), settings.max_file_bytes)
    tries = Limiter.at(settings.wrong_codes, mongo, "one-time-codes", now)
    printer = _printer(settings)
    importer = Importer(committer)
    bindery = Bindery(mongo, now, printer)
    routers = [
        register_routes(mongo, committer, now, sealer),
        read_routes(mongo),
        desk_routes(committer, sealer, tries),
        file_routes(mongo, committer, receiver, Room(settings.max_files_bytes)),
        catalogue_routes(mongo, importer),
        register_file_routes(committer),
        slip_routes(mongo, committer, now, printer),
        book_routes(bindery),
        *_for_citizens(settings, mongo, committer, sealer, public_key),
    ]
    if settings.online_form:
        routers += _online_form(settings, mongo, committer, sealer)
    web = Web("intake", settings, mongo, settings.intake_api_port, WEB_FOLDER, unit_names=settings.office_names)
    citizens = citizen_site(settings, mongo, committer, sealer, _rating_policy(settings))
    room = Room(settings.max_files_bytes)
    desk = desk_pages(Office(mongo, committer, now, sealer, tries, printer, receiver, room), bindery)
    console = intake_console(settings, mongo, importer)
    routers += web.routers(*citizens, *desk, paper_pages(mongo, receiver), console.pages)
    limits = {
        # Of all files: one that is only too long for a file is answered with the sentence about files.
        FILES: settings.max_files_bytes,
        SCANS: settings.max_files_bytes,
        DRAFTS: MOST_CONTENT,
        DRAFT_FILES: settings.max_files_bytes,
        "/v1/catalogue/imports": settings.max_catalogue_bytes,
        CATALOGUE_PAGE: settings.max_catalogue_bytes + MOST_AROUND,
        REGISTERS: MOST_BYTES,
        **body_limits(settings),
    }
    return make_api(PROCESS, settings, mongo, routers, STORES, MORE, limits, web)


def _online_form(
    settings: IntakeSettings, mongo: Mongo, committer: Committer, sealer: Sealer | None
) -> list[APIRouter]:
    """The own online form, where a place may use one."""
    now = settings.clock().now
    allowed = DraftLimits.of(settings, mongo, now)
    receiver = Receiver(GridFiles(mongo, now), Slots(), settings.max_file_bytes)
    drafts = draft_routes(
        mongo,
        committer,
        receiver,
        now,
        max_bytes=settings.max_files_bytes,
        may_upload=allowed.may_upload,
        may_create=allowed.may_create,
    )
    return [drafts, form_routes(mongo, now, HandIn(committer, now, sealer, frozenset(settings.online_form)))]


def _for_citizens(
    settings: IntakeSettings, mongo: Mongo, committer: Committer, sealer: Sealer | None, public_key: str | None
) -> list[APIRouter]:
    """What needs no key: tracking, ratings, complaints and suggestions; with what the desk does about them."""
    now = settings.clock().now
    limits = PublicLimits.of(settings, mongo, now)
    tracking = Tracking(mongo, committer, limits, now)
    policy = _rating_policy(settings)
    return [
        public_routes(tracking, public_key),
        citizen_routes(tracking, CodeSender(committer, limits, sealer)),
        *([supplement_routes(tracking)] if settings.online_form else []),
        collect_routes(Collecting(tracking, GridFiles(mongo, now), sealer)),
        rating_routes(mongo, committer, limits, policy, now),
        feedback_routes(mongo, committer, limits, settings.feedback_working_days, now),
    ]


def _rating_policy(settings: IntakeSettings) -> RatingPolicy:
    return RatingPolicy(timedelta(days=settings.invitation_days), settings.follow_up_working_days)


def _printer(settings: IntakeSettings) -> Printer:
    letterhead = Letterhead(
        settings.org_name, settings.place_name, settings.office_names, settings.office_phones, settings.public_base_url
    )
    return Printer(letterhead, settings.form_set)


def main() -> None:
    settings = IntakeSettings()
    configure(PROCESS, settings)
    serve(PROCESS, create_app(settings), settings, settings.intake_api_port)


if __name__ == "__main__":
    main()
