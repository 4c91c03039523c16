"""Reading text whose encoding nobody has written down."""

import codecs
import re
from dataclasses import dataclass

MAX_BYTES = 2 * 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}
_RARELY = 0.01
_LONG_LINE = re.compile(r"[^\n\r\u2029]{1000}(?=[^\n\r\u2029])")


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it is shown.

    Args:
        text: What it says.
        encoding: How it was written.
        whole: Whether nothing was left out.
    """

    text: str
    encoding: str
    whole: bool


def decode(data: bytes, *, whole: bool = True) -> Text | None:
    """Return what some bytes say in UTF-8, UTF-16 with a mark, or Windows-1251; None when they are no text.

    Args:
        data: The bytes.
        whole: They are the whole file, not only its beginning.
    """
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if marked is None and sum(byte in _CONTROLS for byte in data[:4096]) > _RARELY * min(len(data), 4096):
        return None
    for encoding in [marked] if marked else ["utf-8", "cp1251"]:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            # The beginning of a longer text may end in the middle of a letter.
            return Text(decoder.decode(data, final=whole), encoding.removesuffix("-sig"), whole)
        except UnicodeDecodeError:
            continue
    return None


def broken(text: str) -> str:
    """Return text to be shown, in which no line is so long that laying it out would stop the desk for minutes.

    Args:
        text: Any text. A line of more than a thousand letters goes on in the next one.
    """
    return _LONG_LINE.sub(r"\g<0>\n", text)
