"""Which pass phrases are refused, and what the generated ones are made of."""

import re
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.vault import check_passphrase, generate_passphrase, passphrase
from sync.errors import Refused

WEAK = [
    "",
    "короткa",
    "0671234567",
    "123456789012345",
    "аааааааааааааа",
    "1212121212121212",
    "йцукенгшщзхї",
    "їхзщшгнекуцй",
    "фівапролдж1",
    "qwertyuiop",
    "QwertyUiop123",
    "1qaz2wsx3edc",
    "Слава Україні!",
    "слава україні героям слава",
    "СлаваУкраїні2024",
    "Доброго вечора ми з України",
    "password123",
    "Пароль Пароль",
    "correct horse battery staple",
    "correcthorsebatterystaple1",
    "administrator!!!",
    "абвгґдеєжзиії",
    "     пароль     ",
    "фраза\x00з нулем усередині",
    "зламана \ud800 половинка",
    "x" * 50 + "абвгд" * 200,
]
GOOD = [
    "сім качок біля ставка",
    "кава о восьмій на розі",
    "39471028561037465829",
    "Zr9-kT2-wQ7",
    "молоко2молоко7йорж",
    "пʼять слів про дощ",
    "привіт, тітко Марто з Рівного",
]


@pytest.mark.parametrize("text", WEAK)
def test_weak(text: str) -> None:
    with pytest.raises(Refused) as caught:
        check_passphrase(text)
    assert caught.value.code == "weak_passphrase"
    assert text not in caught.value.message or not text


@pytest.mark.parametrize("text", GOOD)
def test_good(text: str) -> None:
    check_passphrase(text)


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_a_secret_and_a_sentence_at_most(text: str) -> None:
    assert passphrase.secret(text) == passphrase.secret(f" {text}\n")
    with suppress(Refused):
        check_passphrase(text)


def test_keyboards_and_systems_agree() -> None:
    expected = passphrase.secret("пʼять її слів")
    for variant in ("п'ять її слів", "п’ять її слів", "п`ять її слів", "п´ять  її\tслів", "пʼять її\u2009слів"):
        assert passphrase.secret(variant) == expected
        assert passphrase.secret(unicodedata.normalize("NFD", variant)) == expected
    for other in ("Пʼять її слів", "пʼять іі слів", "пʼятьїїслів"):
        assert passphrase.secret(other) != expected


def test_generated_phrases_are_accepted_and_differ() -> None:
    phrases = {generate_passphrase() for _turn in range(200)}
    assert len(phrases) == 200
    for phrase in phrases:
        check_passphrase(phrase)
        assert len(phrase.split(" ")) == 5
        assert passphrase.normalised(phrase) == phrase


def test_word_list() -> None:
    words = passphrase.words()
    assert len(words) == len(set(words)) >= 2048
    assert all(re.fullmatch("[абвгдеєжзиіїйклмнопрстуфхцчшщьюя]{4,8}", word) for word in words)
    assert list(words) == sorted(words)
    assert not [word for word in words if unicodedata.normalize("NFC", word) != word]


def test_no_two_words_begin_alike_or_differ_by_one_letter() -> None:
    words = passphrase.words()
    assert len({word[:5] for word in words}) == len(words)
    seen: dict[str, str] = {}
    for word in words:
        # Words that differ by one letter put in, left out or replaced share a form with a letter left out.
        for form in {word, *(word[:place] + "." + word[place + 1 :] for place in range(len(word)))}:
            assert form not in seen, (word, seen.get(form))
            seen[form] = word
    assert not [w for w in words for place in range(len(w)) if len(w) > 4 and w[:place] + w[place + 1 :] in seen]
