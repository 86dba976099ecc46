"""Forms: what was typed, what it means, and what is wrong with it, said beside the field with the typing kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fastapi import UploadFile
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as StarletteFile

from contracts.problems import Refused
from services.kit.rule_words import rule_words
from services.kit.web.too_large import TooLarge

M = TypeVar("M", bound=BaseModel)
CSRF, FORM_KEY, PAGE = "_csrf", "_key", "_page"
"""Fields that every form of ours has: the session's word, the form's own key, the page that showed it."""
MOST_TYPED = 4 * 1024 * 1024
"""Bytes of what is typed into one field: an operator's corrected record of 900 KiB as a form sends it."""
OWN_FIELDS = frozenset({CSRF, FORM_KEY, PAGE})
LONGEST_NAME, DEEPEST = 200, 6
"""Of a field's name: characters, and places joined by dots."""
_MUST = "Cần điền mục này."
_BETTER = {"missing": _MUST, "string_too_short": _MUST}
"""Words that suit a form better than an API."""


@dataclass(frozen=True)
class Typed:
    """Fields as the browser sent them."""

    fields: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, list[UploadFile]] = field(default_factory=dict)
    over: TooLarge | None = None
    """The files were too large to be read: there are none here."""

    @classmethod
    def of(cls, form: FormData) -> Typed:
        """Files that nobody chose (no name, no content) are left out."""
        fields: dict[str, list[str]] = {}
        files: dict[str, list[UploadFile]] = {}
        for name, value in form.multi_items():
            if isinstance(value, StarletteFile):
                if value.filename:
                    files.setdefault(name, []).append(value)  # type: ignore[arg-type]
            else:
                fields.setdefault(name, []).append(value)
        return cls(sound(fields), files)

    def first(self, name: str) -> str:
        return self.fields.get(name, [""])[0]

    @property
    def own(self) -> dict[str, list[str]]:
        """Without what the house puts into every form."""
        return {name: values for name, values in self.fields.items() if name not in OWN_FIELDS}

    def fingerprint(self) -> str:
        """Tells whether the same form is sent again, or another by the same key."""
        sizes = {name: [(file.filename, file.size) for file in files] for name, files in self.files.items()}
        return hashlib.sha256(repr((sorted(self.own.items()), sorted(sizes.items()))).encode()).hexdigest()


def sound(fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Fields with which nobody is fooled: one value where the name promises one (the last, as with a hidden field
    before a box to tick), so that what was looked at is what is done; no name that no form of ours has; no halves of
    characters, which no database takes."""
    return {
        name: [text.encode("utf-8", "replace").decode() for text in (values if name.endswith("[]") else values[-1:])]
        for name, values in fields.items()
        if len(name) <= LONGEST_NAME and name.count(".") < DEEPEST and name.isprintable()
    }


@dataclass
class Form(Generic[M]):
    """A form on its way: empty, or typed and wrong, or typed and right."""

    typed: Mapping[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """One sentence by field; by `""` what concerns no single field."""
    value: M | None = None
    """What it means; None while something is wrong."""

    def get(self, name: str, default: str = "") -> str:
        values = self.typed.get(name) or [default]
        return values[0]

    def all(self, name: str) -> list[str]:
        return list(self.typed.get(name, ()))

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    @property
    def ok(self) -> bool:
        return self.value is not None and not self.errors

    def wrong(self, name: str, words: str) -> Form[M]:
        """Say what is wrong with a field; `""`: with the whole."""
        self.errors.setdefault(name, words)
        return self

    def too_large(self, over: TooLarge, field: str, most: int, most_all: int) -> Form[M]:
        """Say that nothing of the files was read.

        Args:
            field: beside which, where nobody can tell the longest file's.
            most: bytes of one file.
            most_all: bytes of all files.
        """
        return self.wrong(over.field or field, over.words(most, most_all))

    def refused(self, refusal: Refused, fields: Mapping[str, str] | None = None) -> Form[M]:
        """Say a refusal of the rules.

        Args:
            fields: beside which field a slug belongs.
        """
        return self.wrong((fields or {}).get(refusal.slug, ""), refusal.message)


def read(model: type[M], typed: Typed) -> Form[M]:
    """What the fields mean.

    `applicant.full_name` is the field `full_name` of `applicant`, `papers.0.state` that of the first of a list, and
    `kinds[]` a list of all its values, so that a form can have the very model of the API. An empty field was left out.
    """
    form: Form[M] = Form(typed.own)
    try:
        form.value = model.model_validate(nested(typed.own))
    except ValidationError as error:
        for item in error.errors():
            form.wrong(_place(item["loc"], typed.own), _BETTER.get(item["type"], rule_words(item)))
    return form


def _place(loc: Iterable[int | str], typed: Mapping[str, list[str]]) -> str:
    """The field's name on the page: pydantic's places also name the members of unions."""
    parts = [str(part) for part in loc]
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        if name in typed:
            return name
        if f"{name}[]" in typed:
            return f"{name}[]"
    return ".".join(parts)


def nested(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """The fields as a tree, as a model reads it; what is empty is left out."""
    tree: dict[str, Any] = {}
    for name, values in fields.items():
        value: Any = [text for text in map(str.strip, values) if text] if name.endswith("[]") else values[-1].strip()
        if value == "":
            continue
        *way, last = name.removesuffix("[]").split(".")
        here = tree
        for part in way:
            inner = here.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            here = inner
        else:
            here[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    """Where all keys are numbers there is a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    if inner and all(name.isascii() and name.isdigit() and len(name) < 5 for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def flat(tree: Mapping[str, Any], before: str = "") -> dict[str, list[str]]:
    """A tree as fields, to fill a form with what was kept: the reverse of `nested`."""
    fields: dict[str, list[str]] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            fields |= flat(value, f"{before}{name}.")
        elif isinstance(value, str | int | float):
            fields[before + name] = [str(value)]
    return fields
