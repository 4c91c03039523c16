"""What the fields of a case and their values are called, on screens and on paper."""

from datetime import date, datetime

from desktop_app.attachments.rows import HISTORY_FIELD
from desktop_app.cases import model
from desktop_app.kits import values
from desktop_app.kits.model import Field, FieldType, Kit, Value, text
from sync.messages import N_, _

_SYSTEM = {
    model.KIT: N_("Case type"),
    model.KIT_VERSION: N_("Version of the case type"),
    model.NUMBER: N_("Number"),
    model.STAGE: N_("Stage"),
    model.REGISTERED_ON: N_("Registered on"),
    model.DELETED: N_("Deleted"),
    model.MOVED_FROM: N_("Came from the unit"),
    HISTORY_FIELD: N_("File"),
}


def field_label(kit: Kit, field_id: str) -> str:
    """Return what a field is called, also one that only the program writes."""
    if field_id in _SYSTEM:
        return _(_SYSTEM[field_id])
    return text(kit.field(field_id).label) if field_id in kit.field_ids else field_id


def field_value(kit: Kit, field_id: str, value: Value) -> str:
    """Return a value as people read it; an empty one as a dash."""
    if value is None:
        return "—"
    if field_id == model.STAGE:
        return stage_label(kit, str(value))
    if field_id == model.REGISTERED_ON:
        return day_words(date.fromisoformat(str(value)))
    if field_id in kit.field_ids:
        return shown_value(kit.field(field_id), value) or "—"
    return str(value)


def stage_label(kit: Kit, stage_id: str) -> str:
    """Return what a stage is called; its id when the kit has no such stage."""
    return next((text(stage.label) for stage in kit.stages if stage.id == stage_id), stage_id)


def shown_value(field: Field, value: Value) -> str:
    """Return a stored value as the desk writes it: dates in digits in both languages, so that columns line up."""
    try:
        if isinstance(value, str) and field.type is FieldType.DATE:
            return day_words(date.fromisoformat(value))
        if isinstance(value, str) and field.type is FieldType.DATETIME:
            return moment_digits(datetime.fromisoformat(value))
    except ValueError:
        return str(value)
    shown = values.display(field, value)
    return shown[:1].upper() + shown[1:] if field.type is FieldType.YES_NO else shown


def day_words(day: date) -> str:
    """Return a day in digits."""
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def moment_digits(moment: datetime) -> str:
    """Return a day and a time in digits."""
    return f"{day_words(moment.date())} {moment:%H:%M}"
