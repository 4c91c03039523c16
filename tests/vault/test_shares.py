"""The recovery secret in words: the standard's own vectors, what people type, and what does not belong together."""

import hashlib
import json
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import MnemonicError, combine_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from desktop_app.vault import shares
from desktop_app.vault.shares import Arrangement, Share
from sync.errors import Refused

from . import second

VECTORS = json.loads((Path(__file__).parent / "slip39.json").read_text(encoding="utf-8"))


def refused(code: str, text: str) -> str:
    with pytest.raises(Refused) as caught:
        shares.combine(shares.parse(text))
    assert caught.value.code == code, caught.value.message
    return caught.value.message


def text_of(share: Share) -> str:
    return " ".join(share.words)


def test_the_words_never_change() -> None:
    words = shares.word_list()
    assert len(words) == len(set(words)) == 1024
    digest = hashlib.sha256("".join(f"{word}\n" for word in words).encode()).hexdigest()
    assert digest == "853aed9798ba26889cfc5acb3f2b06544283d31d4f7a17253211929e03e6d616"
    assert not set(words) & set(WORDLIST)


def test_no_two_words_differ_in_one_letter_alone() -> None:
    for one, other in combinations(shares.word_list(), 2):
        if len(one) == len(other):
            assert sum(a != b for a, b in zip(one, other, strict=True)) > 1


@pytest.mark.parametrize(("mnemonics", "secret"), VECTORS, ids=range(len(VECTORS)))
def test_the_published_vectors_of_slip_39(mnemonics: list[str], secret: str) -> None:
    if secret:
        assert combine_mnemonics(mnemonics, b"TREZOR").hex() == secret
    else:
        with pytest.raises(MnemonicError):
            combine_mnemonics(mnemonics, b"TREZOR")


@pytest.mark.parametrize("vector", range(2), ids=["checksum fits", "checksum fails"])
def test_a_published_vector_read_as_a_sheet(vector: int) -> None:
    """The first is one of one; the program, which knows no pass phrase behind the words, puts it together as well."""
    (mnemonic,) = VECTORS[vector][0]
    if vector == 0:
        (share,) = shares.parse(mnemonic)
        assert (share.threshold, share.place) == (1, 1)
        assert shares.combine([share]).secret == combine_mnemonics([mnemonic])
    else:
        assert "20" in refused("recovery_checksum", mnemonic)


@pytest.mark.parametrize(("needed", "count"), [(1, 1), (2, 2), (2, 3), (3, 5), (16, 16)])
def test_any_sufficient_sheets_open_and_fewer_do_not(needed: int, count: int) -> None:
    secret, sheets = shares.split(Arrangement(needed, count))
    assert [sheet.place for sheet in sheets] == list(range(1, count + 1))
    for chosen in list(combinations(sheets, needed))[:6]:
        again = shares.combine(shares.parse("\n".join(map(text_of, chosen))))
        assert (again.secret, again.sheet, again.threshold) == (secret.secret, secret.sheet, needed)
        assert second.secret_of([sheet.indices for sheet in chosen]) == secret.secret
    assert shares.combine(sheets).secret == secret.secret
    if needed > 1:
        said = refused("recovery_more_needed", "\n".join([text_of(sheets[0])] * 2))
        assert str(needed - 1) in said


@pytest.mark.parametrize(("needed", "count"), [(0, 0), (1, 2), (3, 2), (2, 17), (0, 1), (-1, 3)])
def test_impossible_arrangements(needed: int, count: int) -> None:
    with pytest.raises(Refused) as caught:
        shares.split(Arrangement(needed, count))
    assert caught.value.code == "bad_arrangement"


def test_sheets_of_two_splits_are_told_apart() -> None:
    one, other = (shares.split(Arrangement(2, 3)) for _split in range(2))
    said = refused("recovery_mixed", f"{text_of(one[1][0])} {text_of(other[1][1])}")
    assert shares.sheet_number(one[0].sheet) in said
    assert shares.sheet_number(other[0].sheet) in said


def test_sheets_that_only_look_alike_are_refused() -> None:
    _secret, sheets = shares.split(Arrangement(2, 3))
    _other, foreign = shares.split(Arrangement(2, 3))
    from shamir_mnemonic.share import Share as Slip

    other = Slip.from_mnemonic(foreign[1].mnemonic)
    forged = replace(Slip.from_mnemonic(sheets[1].mnemonic), value=other.value)
    refused("recovery_foreign", f"{text_of(sheets[0])} {forged.mnemonic()}")


def test_what_people_type() -> None:
    secret, (sheet,) = shares.split(Arrangement())
    words = sheet.words
    variants = [
        "\n".join(f"{number}. {word}" for number, word in enumerate(words, 1)),
        "\n".join(f"{number:>2}\t{word.upper()}" for number, word in enumerate(words, 1)),
        ", ".join(word.capitalize() for word in words) + ".",
        "  ".join(words) + "\r\n\r\n",
        sheet.mnemonic,
        sheet.mnemonic.upper(),
        f"№ 1) {'; '.join(words)}",
        f"Прочитано зі сканера:\n{sheet.qr_text(b'v' * 16)}\n",
    ]
    for text in variants:
        found = shares.combine(shares.parse(text))
        assert found.secret == secret.secret, text
    assert shares.parse(variants[-1])[0].vault == b"v" * 16


def test_a_word_that_is_not_in_the_list_is_named_with_those_it_may_be() -> None:
    _secret, (sheet,) = shares.split(Arrangement())
    words = list(sheet.words)
    words[6] = words[6][:-1]
    said = refused("recovery_word", " ".join(words))
    assert "7" in said
    assert f"«{words[6]}»" in said or f"“{words[6]}”" in said
    assert sheet.words[6] in said
    assert refused("recovery_word", " ".join([*sheet.words[:19], "x" * 500])).count("x") == 30


def test_every_single_wrong_word_is_found() -> None:
    _secret, (sheet,) = shares.split(Arrangement())
    for place in range(20):
        words = list(sheet.words)
        words[place] = shares.word_list()[sheet.indices[place] ^ 513]
        said = refused("recovery_checksum", " ".join(words))
        assert re.search(rf"\b{place + 1}\b", said), said


def test_words_that_changed_places_are_noticed() -> None:
    _secret, (sheet,) = shares.split(Arrangement())
    words = list(sheet.words)
    words[8], words[9] = words[9], words[8]
    if words != list(sheet.words):
        refused("recovery_checksum", " ".join(words))


@pytest.mark.parametrize("count", [0, 1, 19, 21, 39, 321])
def test_too_few_or_too_many_words(count: int) -> None:
    said = refused("recovery_word_count", " ".join(["абажур"] * count))
    assert str(count) in said


def test_words_of_another_program() -> None:
    longer = "theory painting academic academic armed sweater year military elder discuss acne wildlife boring employer"
    refused("recovery_word_count", longer)
    groups = next(mnemonics for mnemonics, _secret in VECTORS if len(mnemonics) == 5)
    refused("recovery_foreign", groups[0])
    refused("recovery_foreign", f"{shares.QR_PREFIX}{'0' * 32}/ACADEMIC ACID")


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_is_a_sentence_at_most(text: str) -> None:
    with pytest.raises(Refused):
        shares.parse(text)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(shares.word_list()), min_size=20, max_size=20))
def test_any_twenty_words_are_a_sentence_at_most(words: list[str]) -> None:
    with pytest.raises(Refused):
        shares.combine(shares.parse(" ".join(words)))
