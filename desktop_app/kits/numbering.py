"""Registration numbers, unique on every device without asking another one."""

from collections.abc import Mapping

from desktop_app.kits.masks import parts
from desktop_app.kits.model import Kit

# An unsigned appeal has no surname; the register of an office marks it "без підпису".
_UNSIGNED = "БП"


def registration_number(kit: Kit, counter: int, device: str, year: int, values: Mapping[str, object]) -> str:
    """Return the registration number of a case.

    Args:
        kit: The kit whose mask decides.
        counter: The place in this year's row of this device, from 1.
        device: The suffix of the device, unique in the community; it holds no slash.
        year: The year of registration.
        values: The values of the case; the person's surname gives the letter.

    Raises:
        ValueError: The counter, the device or the year can't be part of a number.
    """
    if counter < 1 or not device or "/" in device or not 1900 <= year <= 9999:
        raise ValueError(f"no number can be made of {counter}, {device!r} and {year}")
    person = values.get(kit.person_field)
    marks = {"device": device, "year": str(year), "nomenclature": kit.numbering.nomenclature, "": ""}
    number = []
    for before, name, width in parts(kit.numbering.mask):
        number.append(before)
        if name == "counter":
            number.append(str(counter).zfill(width))
        elif name == "letter":
            number.append(first_letter(person if isinstance(person, str) else ""))
        else:
            number.append(marks[name])
    return "".join(number)


def first_letter(name: str) -> str:
    """Return the first letter of a name as a capital, or the mark of an unsigned paper."""
    return next((character.upper() for character in name if character.isalpha()), _UNSIGNED)
