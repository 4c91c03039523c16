import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.kits import loader
from desktop_app.kits.loader import KIT_FILE, load
from sync.errors import Refused
from sync.messages import set_language
from tests.kits.conftest import SMALL, LoadKit, RawKit, both, raw_field

Change = Callable[[RawKit], object]


def field_with(**more: object) -> Change:
    return lambda raw: raw["fields"].append(raw_field("extra", **({"kind": "text"} | more)))  # type: ignore[arg-type]


def put(**more: object) -> Change:
    return lambda raw: raw.update(more)


def rule(**more: object) -> dict[str, object]:
    return {
        "value": 5,
        "unit": "calendar",
        "source": both("Law"),
        "effective_from": "2020-01-01",
        "verified": None,
    } | more


def term(**more: object) -> Change:
    whole = {"id": "t", "label": both("t"), "start": "received_on", "rules": [rule()]} | more
    return lambda raw: raw.update(terms=[whole])


CHOICES = [{"value": "a", "label": both("a")}, {"value": "b", "label": both("b")}]


def test_the_small_kit_loads(load_kit: LoadKit, small: RawKit) -> None:
    kit = load_kit(small)
    assert kit.field_ids == ("name", "title", "received_on")
    assert kit.initial_stage == "open"
    assert kit.field("name").required is True
    assert kit.field("title").hint == {"uk": "", "en": ""}


@pytest.mark.parametrize(
    ("change", "place", "named"),
    [
        (put(id="other"), "id", "small"),
        (put(version="1"), "version", ""),
        (put(version=True), "version", ""),
        (put(titel=both("x")), "titel", "title"),
        (put(title={"uk": "лише українською"}), "title", "both languages"),
        (put(title={"uk": "", "en": "x"}), "title.uk", ""),
        (put(title="x"), "title", "both languages"),
        (put(authors="me"), "authors", "list"),
        (put(legal_basis=[]), "legal_basis", ""),
        (put(legal_basis=[{"title": both("x"), "effective_from": "1.1.2020"}]),
         "legal_basis.[1].effective_from", "2026-11-23"),
        (put(legal_basis=["x"]), "legal_basis.[1]", "{}"),
        (put(fields={}), "fields", ""),
        (put(sections=[]), "sections", ""),
        (put(title_field="nothing"), "title_field", "nothing"),
        (put(date_field="name"), "date_field", "name"),
        (put(person_field="received_on"), "person_field", "received_on"),
        (put(numbering={"mask": "{counter}"}), "numbering.mask", "{device}"),
        (put(numbering={"mask": "{counter}/{device}/{year}{x}"}), "numbering.mask", "{x}"),
        (put(numbering="x"), "numbering", ""),
        (put(stages=[{"id": "open", "label": both("x"), "final": True}]), "stages", "first"),
        (put(stages=[{"id": "open", "label": both("x"), "final": "yes"}]), "stages.open.final", "true"),
        (lambda raw: raw["stages"].append({"id": "lost", "label": both("x")}), "stages.lost", ""),
        (lambda raw: raw["stages"].append({"id": "open", "label": both("x")}), "stages", "open"),
        (lambda raw: raw["transitions"][0].update(to="nowhere"), "transitions.open→nowhere", "nowhere"),
        (lambda raw: raw["transitions"][0].update(requires=["nothing"]), "transitions.open→closed.requires", "nothing"),
        (lambda raw: raw["transitions"].append(raw["transitions"][0]), "transitions.open→closed", "twice"),
        (lambda raw: raw["fields"].append(raw_field("name")), "fields", "name"),
        (field_with(kind="txt"), "fields.extra.type", "txt"),
        (field_with(section="elsewhere"), "fields.extra.section", "elsewhere"),
        (field_with(requried=True), "fields.extra.requried", "required"),
        (field_with(required="${nme} = 1"), "fields.extra.required", "nme"),
        (field_with(required=1), "fields.extra.required", "quotes"),
        (field_with(shown="pulldata('x')"), "fields.extra.shown", "pulldata"),
        (field_with(shown=". = 1"), "fields.extra.shown", "dot"),
        (field_with(valid="1 +", valid_message=both("x")), "fields.extra.valid", ""),
        (field_with(valid=". != ''"), "fields.extra.valid_message", "both languages"),
        (field_with(default="'x"), "fields.extra.default", ""),
        (field_with(kind="choice"), "fields.extra.choices", ""),
        (field_with(choices=CHOICES), "fields.extra.choices", ""),
        (field_with(kind="choice", choices=[*CHOICES, CHOICES[0]]), "fields.extra.choices", "a"),
        (field_with(kind="choice", choices=[{"value": "A b", "label": both("x")}]),
         "fields.extra.choices.A b.value", ""),
        (field_with(kind="choice", choices=CHOICES, valid=". = 'c'", valid_message=both("x")),
         "fields.extra.valid", ""),
        (field_with(kind="choice", choices=CHOICES, required="${extra} = 'c'"), "fields.extra.required", "“c”"),
        (field_with(kind="multiple_choice", choices=CHOICES, required="selected(${extra}, 'c')"),
         "fields.extra.required", "“c”"),
        (field_with(kind="yes_no", required="${extra} = 'yes'"), "fields.extra.required", "true()"),
        (field_with(kind="calculated"), "fields.extra.calculation", ""),
        (field_with(calculation="1"), "fields.extra.calculation", ""),
        (field_with(kind="calculated", calculation="1", required=True), "fields.extra", ""),
        (field_with(kind="calculated", calculation="${extra} + 1"), "fields", "extra → extra"),
        (field_with(kind="note", shown="${extra} = 1"), "fields.extra.shown", "note"),
        (field_with(check="rnokpp"), "fields.extra.check", "identifier"),
        (field_with(kind="identifier", check="inn"), "fields.extra.check", "rnokpp"),
        (field_with(max_length=0), "fields.extra.max_length", ""),
        (field_with(id="Extra"), "fields.Extra.id", ""),
        (term(start="name"), "terms.t.start", ""),
        (term(stages=["nowhere"]), "terms.t.stages", "nowhere"),
        (term(when="${nothing}"), "terms.t.when", "nothing"),
        (term(rules=[]), "terms.t.rules", ""),
        (term(rules=[rule(unit="weeks")]), "terms.t.rules.[1].unit", "weeks"),
        (term(rules=[rule(value=0)]), "terms.t.rules.[1].value", ""),
        (term(rules=[rule(verified={"by": "я"})]), "terms.t.rules.[1].verified.on", ""),
        (term(extension={"label": both("x"), "rules": [rule()]}), "terms.t.extension.requires", ""),
        (term(extension={"label": both("x"), "requires": ["no"], "rules": [rule()]}),
         "terms.t.extension.requires", "no"),
        (term(extension=[]), "terms.t.extension", ""),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_file_and_place(
    load_kit: LoadKit, small: RawKit, change: Change, place: str, named: str
) -> None:
    set_language("en")
    change(small)
    with pytest.raises(Refused) as caught:
        load_kit(small)
    assert caught.value.code == "bad_kit"
    assert KIT_FILE in caught.value.message
    sentences = {problem.field: problem.message for problem in caught.value.fields}
    assert place in sentences
    assert named in sentences[place]


def test_all_faults_are_told_at_once(load_kit: LoadKit, small: RawKit) -> None:
    small["fields"] += [raw_field(f"f{number}", "txt") for number in range(30)]
    small["version"] = 0
    with pytest.raises(Refused) as caught:
        load_kit(small)
    assert len(caught.value.fields) >= 31
    assert len(caught.value.message.splitlines()) == 22


def test_a_comment_is_welcome_anywhere(load_kit: LoadKit, small: RawKit) -> None:
    small["comment"] = "Made with the clerks of a village"
    small["fields"][0]["comment"] = ["why", "so"]
    assert load_kit(small).id == "small"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"id": "small", "id": "small"}',
        b"[" * 100_000,
        b'"small"',
        b" " * 5_000_001,
    ],
)
def test_what_is_no_kit_at_all(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / KIT_FILE).write_bytes(content)
    with pytest.raises(Refused) as caught:
        load(folder)
    assert caught.value.code == "bad_kit"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        load(tmp_path)
    assert caught.value.code == "bad_kit"
    assert str(tmp_path) in caught.value.message


def test_an_unknown_kit_names_those_that_exist() -> None:
    with pytest.raises(Refused) as caught:
        loader.kit("appeals")
    assert caught.value.code == "unknown_kit"
    assert "appeal, humanitarian-aid" in caught.value.message


def test_unknown_fields_and_stages_name_those_that_exist(load_kit: LoadKit, small: RawKit) -> None:
    kit = load_kit(small)
    with pytest.raises(Refused, match="received_on"):
        kit.field("nothing")
    with pytest.raises(Refused, match="closed"):
        kit.stage("nothing")


def _paths(raw: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, object]] = []
    if isinstance(raw, dict):
        items = list(raw.items())
    elif isinstance(raw, list):
        items = list(enumerate(raw))
    return [path, *[found for key, value in items for found in _paths(value, (*path, key))]]


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=3,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(_paths(SMALL)[1:]), junk=_JSON)
def test_junk_anywhere_is_refused_or_harmless(tmp_path: Path, path: tuple[Any, ...], junk: object) -> None:
    raw = json.loads(json.dumps(SMALL))
    target = raw
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = junk
    folder = tmp_path / "small"
    folder.mkdir(exist_ok=True)
    (folder / KIT_FILE).write_text(json.dumps(raw), encoding="utf-8")
    refused = refusal(folder)
    assert refused is None or (refused.code == "bad_kit" and refused.fields)


def refusal(folder: Path) -> Refused | None:
    try:
        load(folder)
    except Refused as refused:
        return refused
    return None
