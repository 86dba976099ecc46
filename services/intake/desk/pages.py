"""All pages of the counter."""

from __future__ import annotations

from services.intake.desk.answering import Accept, AskForPapers, Refuse
from services.intake.desk.deeds import add_deed
from services.intake.desk.dossier import dossier_pages
from services.intake.desk.handing_over import HandOverToCitizen, add_code_sending
from services.intake.desk.later import RecordReceipt, Supplement, Withdraw
from services.intake.desk.office import Office
from services.intake.desk.opening import opening_pages
from services.intake.desk.register import register_pages
from services.intake.desk.registering import registering_pages
from services.intake.desk.scans import add_scanning
from services.intake.http_books import Bindery
from services.kit.web.pages import Pages

DEEDS = (Accept, AskForPapers, Refuse, Supplement, RecordReceipt, Withdraw, HandOverToCitizen)


def desk_pages(office: Office, bindery: Bindery) -> tuple[Pages, ...]:
    """In the order of their links."""
    dossiers = dossier_pages(office)
    for deed in DEEDS:
        add_deed(dossiers, deed(office))
    add_code_sending(dossiers, office)
    add_scanning(dossiers, office)
    return opening_pages(office), registering_pages(office), register_pages(office, bindery), dossiers
