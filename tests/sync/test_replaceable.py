"""What stands where a file is to be written stays, unless it is an earlier file of the same kind."""

from pathlib import Path

import pytest

from sync.errors import Refused
from sync.files import require_replaceable


def test_only_an_earlier_file_of_the_same_kind_gives_way(tmp_path: Path) -> None:
    earlier, other, link = tmp_path / "earlier", tmp_path / "other", tmp_path / "link"
    earlier.write_bytes(b"SPRI\x01 and more")
    other.write_bytes(b"a letter")
    link.symlink_to(earlier)
    require_replaceable(earlier, b"SPRI\x01")
    require_replaceable(tmp_path / "nothing", b"SPRI\x01")
    for place in (other, link):
        with pytest.raises(Refused) as refusal:
            require_replaceable(place, b"SPRI\x01")
        assert refusal.value.code == "file_exists"
    assert other.read_bytes() == b"a letter"
