"""The site for citizens, put together: pages that need no signing in."""

from __future__ import annotations

from services.intake.attachments.receiving import Receiver
from services.intake.attachments.slots import Slots
from services.intake.citizen_pages import filing, supplement
from services.intake.citizen_pages.collect import collect_pages
from services.intake.citizen_pages.drafts import Drafts
from services.intake.citizen_pages.feedback import feedback_pages
from services.intake.citizen_pages.home import figure_pages, home_page, procedure_pages
from services.intake.citizen_pages.rate import rating_pages
from services.intake.citizen_pages.track import track_pages
from services.intake.code_sender import CodeSender
from services.intake.collecting import Collecting
from services.intake.commands.rate_dossier import RatingPolicy
from services.intake.draft_limits import DraftLimits
from services.intake.handing_in import HandIn
from services.intake.public_limits import PublicLimits
from services.intake.queries.places import Places
from services.intake.queries.public_figures import PublicFigures
from services.intake.settings import IntakeSettings
from services.intake.tracking import Tracking
from services.kit.commit import Committer
from services.kit.files import GridFiles
from services.kit.mongo import Mongo
from services.kit.sealing import Sealer
from services.kit.web.pages import Pages

FORM_SLACK = 2**20
"""What a form has beside its files."""


def citizen_site(
    settings: IntakeSettings, mongo: Mongo, committer: Committer, sealer: Sealer | None, policy: RatingPolicy
) -> list[Pages]:
    """All pages; those that need the door of the online form only where it is open."""
    now = settings.clock().now
    limits = PublicLimits.of(settings, mongo, now)
    tracking = Tracking(mongo, committer, limits, now)
    sender = CodeSender(committer, limits, sealer)
    online = frozenset(settings.online_form)
    places = Places(
        mongo, now, tuple(settings.office_addresses) or settings.online_form,
        settings.office_names, settings.office_addresses, settings.office_phones,
    )  # fmt: skip
    collecting = Collecting(tracking, GridFiles(mongo, now), sealer)
    pages = [
        home_page(places, online=bool(online)),
        procedure_pages(mongo, places, online=bool(online)),
        figure_pages(PublicFigures(mongo, now)),
        track_pages(tracking, sender.send, collecting, supplements=bool(online)),
        collect_pages(collecting),
        rating_pages(committer, limits, policy),
        feedback_pages(mongo, committer, limits, settings.feedback_working_days, places, now),
    ]
    if online:
        allowed = DraftLimits.of(settings, mongo, now)
        receiver = Receiver(GridFiles(mongo, now), Slots(), settings.max_file_bytes)
        drafts = Drafts(
            mongo, committer, receiver, now, settings.max_files_bytes, allowed.may_create, allowed.may_upload
        )
        handing_in = HandIn(committer, now, sealer, online)
        pages += [
            filing.filing_pages(filing.Filing(drafts, handing_in, places, settings.max_file_bytes)),
            supplement.supplement_pages(supplement.Supplements(tracking, drafts, settings.max_file_bytes), sender.send),
        ]
    return pages


def body_limits(settings: IntakeSettings) -> dict[str, int]:
    """Of forms with files: those of all files, so that one that is only too long for a file is told so itself."""
    most = settings.max_files_bytes + FORM_SLACK
    return {f"{filing.DRAFTS}/{{draft}}/giay-to": most, f"{supplement.PREFIX}/{{draft}}": most}
