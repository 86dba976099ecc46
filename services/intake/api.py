"""The intake API process: HTTP and MongoDB only. Counters go on registering while Kafka is away."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, FastAPI, Request

from services.intake.attachments.receiving import Receiver
from services.intake.attachments.slots import Slots
from services.intake.commands.rate_dossier import RatingPolicy
from services.intake.domain.attachment import Room
from services.intake.http import read_routes, register_routes
from services.intake.http_books import book_routes
from services.intake.http_catalogue import catalogue_routes
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
from services.intake.http_pages import page_routes
from services.intake.http_public import public_routes
from services.intake.http_rating_page import rating_page_routes
from services.intake.http_ratings import rating_routes
from services.intake.http_registers import PATH as REGISTERS
from services.intake.http_registers import register_file_routes
from services.intake.http_slips import slip_routes
from services.intake.public_limits import PublicLimits
from services.intake.settings import IntakeSettings
from services.intake.slips.letterhead import Letterhead
from services.intake.slips.sheet import Printer
from services.intake.store import MORE, STORES
from services.intake.tables import MOST_BYTES
from services.intake.tracking import Tracking
from services.kit.api import make_api
from services.kit.client_address import ClientAddress
from services.kit.commit import Committer
from services.kit.files import GridFiles
from services.kit.limiter import Limiter
from services.kit.mongo import Mongo
from services.kit.process import configure, serve
from services.kit.sealing import Opener, Sealer

PROCESS = "intake-api"
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
    routers = [
        register_routes(mongo, committer, now, sealer),
        read_routes(mongo),
        desk_routes(committer, sealer, tries),
        file_routes(mongo, committer, receiver, Room(settings.max_files_bytes)),
        catalogue_routes(mongo, committer),
        register_file_routes(committer),
        slip_routes(mongo, committer, now, printer),
        book_routes(mongo, now, printer),
        *_for_citizens(settings, mongo, committer, sealer, public_key),
    ]
    if settings.online_form:
        routers += _online_form(settings, mongo, committer, sealer)
    limits = {
        # Of all files: one that is only too long for a file is answered with the sentence about files.
        FILES: settings.max_files_bytes,
        DRAFTS: MOST_CONTENT,
        DRAFT_FILES: settings.max_files_bytes,
        "/v1/catalogue/imports": settings.max_catalogue_bytes,
        REGISTERS: MOST_BYTES,
    }
    return make_api(PROCESS, settings, mongo, routers, STORES, MORE, limits)


def _online_form(
    settings: IntakeSettings, mongo: Mongo, committer: Committer, sealer: Sealer | None
) -> list[APIRouter]:
    """The own online form, where a place may use one."""
    now = settings.clock().now
    starts = Limiter.at(settings.draft_starts, mongo, "drafts", now)
    uploads = Limiter.at(settings.draft_uploads, mongo, "draft-uploads", now)
    client = ClientAddress.behind(settings.trusted_proxies)
    receiver = Receiver(GridFiles(mongo, now), Slots(), settings.max_file_bytes)

    async def may_create(request: Request) -> None:
        await starts.hit(client.of(request))

    async def may_upload(request: Request) -> None:
        await uploads.hit(client.of(request))

    drafts = draft_routes(
        mongo,
        committer,
        receiver,
        now,
        max_bytes=settings.max_files_bytes,
        may_upload=may_upload,
        may_create=may_create,
    )
    return [drafts, form_routes(mongo, committer, now, sealer, frozenset(settings.online_form))]


def _for_citizens(
    settings: IntakeSettings, mongo: Mongo, committer: Committer, sealer: Sealer | None, public_key: str | None
) -> list[APIRouter]:
    """What needs no key: tracking, ratings, complaints and suggestions; with what the desk does about them."""
    now = settings.clock().now
    limits = PublicLimits.of(settings, mongo, now)
    tracking = Tracking(mongo, committer, limits, now)
    policy = RatingPolicy(timedelta(days=settings.invitation_days), settings.follow_up_working_days)
    return [
        public_routes(tracking, public_key),
        citizen_routes(tracking, committer, sealer),
        *([supplement_routes(tracking)] if settings.online_form else []),
        collect_routes(tracking, GridFiles(mongo, now), sealer),
        page_routes(tracking),
        rating_routes(mongo, committer, limits, policy, now),
        rating_page_routes(committer, limits, policy),
        feedback_routes(mongo, committer, limits, settings.feedback_working_days, now),
    ]


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
