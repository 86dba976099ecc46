"""Save new versions of templates, one or many, all or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.problems import Conflict, Invalid
from contracts.types import NoticeKind
from services.kit.store import Ref
from services.kit.work import Work
from services.notify.templates.defaults import default_templates
from services.notify.templates.domain.content import Content, Template
from services.notify.templates.domain.rules import Fault, faults
from services.notify.templates.store import TEMPLATE_VERSIONS, TEMPLATES, version_id


@dataclass(frozen=True)
class Saved:
    """What became of one template."""

    before: Template
    after: Template

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class SaveTemplates:
    """Put contents in force. The same one again is no new version."""

    contents: Mapping[NoticeKind, Content]
    prefix: str
    by: str
    """Id of the key, or `cli`."""
    note: str = ""
    based_on: int | None = None
    """The version that was changed; None: whichever is in force."""
    dry_run: bool = False

    def needs(self) -> Iterable[Ref]:
        return [Ref(TEMPLATES, kind.value) for kind in self.contents]

    def decide(self, work: Work, now: datetime) -> list[Saved]:
        """Raises: Invalid `template-refused`: `faults` names everything. Conflict `stale-version`."""
        check(self.contents, self.prefix)
        return [self._save(work, now, kind, content) for kind, content in self.contents.items()]

    def _save(self, work: Work, now: datetime, kind: NoticeKind, content: Content) -> Saved:
        before = work.get(TEMPLATES, kind.value) or default_templates()[kind]
        if content == before.content:
            return Saved(before, before)
        if self.based_on is not None and self.based_on != before.version:
            words = "Mẫu tin vừa được người khác sửa. Hãy tải lại phiên bản mới rồi sửa tiếp."
            raise Conflict("stale-version", words, version=before.version)
        after = Template(kind, before.version + 1, content, self.by, now, self.note)
        if not self.dry_run:
            work.put(TEMPLATES, kind.value, after)
            work.put(TEMPLATE_VERSIONS, version_id(kind, after.version), after)
        return Saved(before, after)


def check(contents: Mapping[NoticeKind, Content], prefix: str) -> None:
    """Raises: Invalid `template-refused`."""
    found = [fault for kind, content in contents.items() for fault in faults(kind, content, prefix)]
    if found:
        raise refusal(found)


def refusal(found: list[Fault]) -> Invalid:
    """All faults at once."""
    more = f" Còn {len(found) - 1} lỗi khác, xem `faults`." if len(found) > 1 else ""
    told = [told_fault(fault) for fault in found]
    return Invalid("template-refused", f"Mẫu tin chưa lưu: {found[0].reason}{more}", faults=told, count=len(found))


def told_fault(fault: Fault) -> dict[str, str]:
    """As a problem document has it."""
    return {"slug": fault.slug, "where": fault.where, "reason": fault.reason}
