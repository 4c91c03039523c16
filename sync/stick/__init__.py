"""Exchange by a stick that goes round: several devices leave frames in one folder (docs/formats/stick.md)."""

from sync.stick.chunks import Carried, Chunks
from sync.stick.folder import Trouble, community_folder
from sync.stick.visiting import Options, Seen, Visit, look, visit
from sync.stick.watching import Progress, Watcher

__all__ = [
    "Carried",
    "Chunks",
    "Options",
    "Progress",
    "Seen",
    "Trouble",
    "Visit",
    "Watcher",
    "community_folder",
    "look",
    "visit",
]
