"""The vault on one computer: keys under a pass phrase, an encrypted database, a lock and a high-water mark."""

from desktop_app.vault.kdf import KDF_FLOOR, KdfParameters, calibrate
from desktop_app.vault.keyfile import newer as newer_vault
from desktop_app.vault.mark import Mark, MarkState
from desktop_app.vault.opening import (
    change_passphrase,
    create,
    is_vault,
    open_vault,
    open_with_recovery,
    wants_stick,
)
from desktop_app.vault.passphrase import check_passphrase, generate_passphrase
from desktop_app.vault.stick import Stick
from desktop_app.vault.tries import Tries
from desktop_app.vault.vault import Vault
from desktop_app.vault.ways import NewPhrase, vault_key

__all__ = [
    "KDF_FLOOR",
    "KdfParameters",
    "Mark",
    "MarkState",
    "NewPhrase",
    "Stick",
    "Tries",
    "Vault",
    "calibrate",
    "change_passphrase",
    "check_passphrase",
    "create",
    "generate_passphrase",
    "is_vault",
    "newer_vault",
    "open_vault",
    "open_with_recovery",
    "vault_key",
    "wants_stick",
]
