"""What kind of file something is, and names that can't do harm."""

import unicodedata

MAX_NAME_LETTERS = 200
MAX_NAME_BYTES = 240
UNKNOWN = "application/octet-stream"
PDF = "application/pdf"
TEXT = "text/plain"
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/bmp"})
TEXTS = frozenset({TEXT, "text/csv", "text/html", "application/json", "application/xml"})
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", PDF),
)
_ENDINGS = {
    "bmp": "image/bmp",
    "heic": "image/heic",
    "svg": "image/svg+xml",
    "txt": TEXT,
    "log": TEXT,
    "md": TEXT,
    "csv": "text/csv",
    "htm": "text/html",
    "html": "text/html",
    "json": "application/json",
    "xml": "application/xml",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "zip": "application/zip",
    "p7s": "application/pkcs7-signature",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
}
_NAMELESS = "file"
# What Windows does not take in a name, and both kinds of separators.
_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def type_of(name: str, beginning: bytes) -> str:
    """Return the media type of a file, by what it begins with where that tells, else by the ending of its name.

    Args:
        name: Its name.
        beginning: Its first bytes, at least 16 if it has so many.
    """
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "image/webp"
    found = next((kind for mark, kind in _BEGINNINGS if beginning.startswith(mark)), None)
    return found or _ENDINGS.get(name.rpartition(".")[2].casefold(), UNKNOWN)


def safe_name(name: object) -> str:
    """Return a name as it can be shown and written: one part, no controls, no marks that turn the direction of text.

    Args:
        name: As somebody gave it, or as another program put it into a record.
    """
    text = unicodedata.normalize("NFC", name) if isinstance(name, str) else ""
    text = text.replace("\\", "/").rpartition("/")[2]
    # "C": controls, marks of direction, halves of letters, letters of nobody. "Zl", "Zp": breaks of lines.
    kept = "".join(
        "_" if letter in _FORBIDDEN else letter
        for letter in text
        if unicodedata.category(letter)[0] != "C" and unicodedata.category(letter) not in {"Zl", "Zp"}
    )
    kept = kept.strip(" ").rstrip(".")
    stem, dot, ending = kept.rpartition(".")
    if (stem or ending).split(".")[0].casefold() in _RESERVED:
        kept, stem = f"_{kept}", f"_{stem}" if dot else stem
    return _shortened(kept) or _NAMELESS


def _shortened(name: str) -> str:
    """Cut a name that is too long for a folder, but keep its ending."""
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 16:
        stem, dot, ending = name, "", ""
    while stem and (
        len(stem + dot + ending) > MAX_NAME_LETTERS or len((stem + dot + ending).encode()) > MAX_NAME_BYTES
    ):
        stem = stem[:-1]
    return stem + dot + ending
