"""The wall of phones learns which phones changed, and when it has to look at everything."""

from __future__ import annotations

from local.simulators.journal import Journal
from local.simulators.messages import Ledger, Message, ReceiptPlan
from local.simulators.wall_news import WallNews

A, B, C = "84912345671", "84912345672", "84912345673"


def wall(most: int = 10) -> tuple[Ledger, WallNews]:
    ledger = Ledger(Journal(None))
    return ledger, WallNews(ledger, most)


def accept(ledger: Ledger, phone: str) -> Message:
    message = Message(ledger.next_seq, "esms", phone, "id", "text", 0, 0, ReceiptPlan(0, 0))
    ledger.accept(message)
    return message


def test_nothing_happened() -> None:
    _, news = wall()
    assert news.since(0) == []


def test_each_phone_once_the_earliest_first() -> None:
    ledger, news = wall()
    first = accept(ledger, A)
    accept(ledger, B)
    ledger.conclude(first, 1)
    assert news.since(0) == [B, A]
    assert news.since(2) == [A]
    assert news.since(news.number) == []


def test_a_reset_and_a_number_of_another_process_ask_for_everything() -> None:
    ledger, news = wall()
    accept(ledger, A)
    ledger.reset()
    assert news.since(1) is None
    assert news.since(news.number) == []
    assert news.since(news.number + 1) is None


def test_what_was_forgotten_asks_for_everything() -> None:
    ledger, news = wall(most=2)
    for phone in (A, B, C):
        accept(ledger, phone)
    assert news.since(0) is None
    assert news.since(1) == [B, C]
