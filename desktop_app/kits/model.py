"""What a kit is: types only, no behaviour beyond look-ups."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from desktop_app.kits.expressions import Expression
from sync.errors import Refused
from sync.messages import _, language

LocalText: TypeAlias = Mapping[str, str]
# A value as it is stored. Numbers with a fraction and dates are text in their canonical form.
Value: TypeAlias = bool | int | str | list[str] | None


def text(local: LocalText, lang: str | None = None) -> str:
    """Return a text of a kit in a language.

    Args:
        local: The text in every language.
        lang: ``uk`` or ``en``; by default the language of the messages.
    """
    return local[lang or language()]


class FieldType(StrEnum):
    """What kind of value a field holds."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple_choice"
    YES_NO = "yes_no"
    PHONE = "phone"
    EMAIL = "email"
    IDENTIFIER = "identifier"
    CALCULATED = "calculated"
    NOTE = "note"


class Unit(StrEnum):
    """How the length of a term is counted."""

    CALENDAR = "calendar"
    WORKING = "working"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Verification:
    """Who compared a rule with the official text, and when."""

    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a choice, offered only when ``when`` holds."""

    value: str
    label: LocalText
    when: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of a case; fields are compared and hashed by identity.

    Args:
        check: The identifier that the value must be: see ``identifiers.CHECKS``.
        max_length: The most characters of a text.
    """

    id: str
    type: FieldType
    label: LocalText
    hint: LocalText
    section: str
    required: bool | Expression
    shown: Expression | None
    valid: Expression | None
    valid_message: LocalText
    default: Expression | None
    choices: tuple[Choice, ...]
    max_length: int
    check: str | None
    calculation: Expression | None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the form."""

    id: str
    label: LocalText


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a case stands; in a final stage no term runs."""

    id: str
    label: LocalText
    final: bool


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one stage to another, and the fields that must be filled in before it."""

    source: str
    target: str
    label: LocalText
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a term is by law: so many units, by which source, from which day on.

    Args:
        value: The length in ``unit``.
        verified: Who compared it with the official text; None while nobody has.
    """

    value: int
    unit: Unit
    source: LocalText
    effective_from: date
    verified: Verification | None


@dataclass(frozen=True, slots=True)
class TermExtension:
    """A longer term, counted from the same day, once the fields that ground it are filled in."""

    label: LocalText
    requires: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A term that runs from the date in the field ``start`` while ``when`` holds.

    Args:
        rules: The versions of the rule, the oldest first; the start date decides which is in force.
        remind_days: How many days before the due date the case counts as due soon.
    """

    id: str
    label: LocalText
    start: str
    when: Expression | None
    stages: tuple[str, ...]
    extension: TermExtension | None
    remind_days: int
    rules: tuple[Rule, ...]

    @property
    def rule(self) -> Rule:
        """The newest version of the rule."""
        return self.rules[-1]

    @property
    def length(self) -> int:
        """The length by the newest rule, in ``unit``."""
        return self.rule.value

    @property
    def unit(self) -> Unit:
        """The unit of the newest rule."""
        return self.rule.unit


@dataclass(frozen=True, slots=True)
class Numbering:
    """The mask of the registration number: see ``numbering.registration_number``."""

    mask: str
    nomenclature: str


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """An act that the kit rests on."""

    title: LocalText
    effective_from: date
    verified: Verification | None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Kit:
    """A case type. Kits are compared and hashed by identity."""

    id: str
    version: int
    title: LocalText
    description: LocalText
    authors: tuple[str, ...]
    licence: str
    legal_basis: tuple[LegalBasis, ...]
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]
    stages: tuple[Stage, ...]
    transitions: tuple[Transition, ...]
    terms: tuple[Term, ...]
    numbering: Numbering
    title_field: str
    person_field: str
    date_field: str
    _fields: Mapping[str, Field] = dataclass_field(init=False, repr=False)
    _stages: Mapping[str, Stage] = dataclass_field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_fields", {each.id: each for each in self.fields})
        object.__setattr__(self, "_stages", {each.id: each for each in self.stages})

    @property
    def field_ids(self) -> tuple[str, ...]:
        """The ids of all fields, in the order of the form."""
        return tuple(self._fields)

    @property
    def initial_stage(self) -> str:
        """The stage of a case just registered."""
        return self.stages[0].id

    def field(self, field_id: str) -> Field:
        """Return a field.

        Raises:
            Refused: ``unknown_field``; the kit has none of this id.
        """
        found = self._fields.get(field_id)
        if found is None:
            raise Refused(
                "unknown_field",
                _("The kit “{kit}” has no field “{field}”. Its fields: {known}.").format(
                    kit=self.id, field=field_id, known=", ".join(self._fields)
                ),
            )
        return found

    def stage(self, stage_id: str) -> Stage:
        """Return a stage.

        Raises:
            Refused: ``unknown_stage``; the kit has none of this id.
        """
        found = self._stages.get(stage_id)
        if found is None:
            raise Refused(
                "unknown_stage",
                _("The kit “{kit}” has no stage “{stage}”. Its stages: {known}.").format(
                    kit=self.id, stage=stage_id, known=", ".join(self._stages)
                ),
            )
        return found
