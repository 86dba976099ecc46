"""All rules over what was read."""

from __future__ import annotations

from datetime import datetime, timedelta

from motcua.check import log, rules, told
from motcua.check.facts import Facts
from motcua.check.fences import Fences
from motcua.check.findings import Report
from motcua.check.life import lives


def judge(facts: Facts, report: Report, now: datetime, grace: timedelta) -> set[str]:
    """
    Args:
        grace: zero on a system at rest: nothing need be on its way there.

    Returns: the dossiers of which some news may arrive at any moment (not those that wait for a consumer: their fences
        tell).
    """
    fences = facts.fences if grace and facts.log_was_read else Fences()
    fresh = rules.on_their_way(facts, now, grace)
    on_the_way = fresh | rules.unread(facts, fences)
    rules.unreadable(facts, report)
    rules.journals(facts, report, now, grace, fences)
    log.event_log(facts, report, now, grace)
    log.answers(facts, report, grace, fences)
    lives(facts, report, now, on_the_way)
    rules.dossiers_and_cases(facts, report, on_the_way)
    rules.numbering(facts, report, on_the_way)
    told.notices(facts, report, now, grace, fences)
    told.phones(facts, report, now, grace)
    rules.statistics(facts, report, on_the_way)
    report.seen.update(
        {
            "dossiers": len(facts.dossiers),
            "cases": len(facts.cases),
            "events": len(facts.journal),
            "records": facts.records,
            "notices": len(facts.notices),
            "messages": len(facts.messages or ()),
        }
    )
    for service, number in facts.dead_letters.items():
        if number:
            report.notes.append(f"{number} dead letters of {service} wait for an operator")
    return fresh
