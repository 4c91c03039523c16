"""The vault on one computer: keys under a pass phrase, an encrypted database, a lock and a high-water mark."""

from desktop_app.vault.keyfile import KDF_FLOOR, KdfParameters, calibrate
from desktop_app.vault.keyfile import newer as newer_vault
from desktop_app.vault.mark import Mark, MarkState
from desktop_app.vault.passphrase import check_passphrase, generate_passphrase
from desktop_app.vault.vault import Vault, change_passphrase, create, is_vault, open_vault

__all__ = [
    "KDF_FLOOR",
    "KdfParameters",
    "Mark",
    "MarkState",
    "Vault",
    "calibrate",
    "change_passphrase",
    "check_passphrase",
    "create",
    "generate_passphrase",
    "is_vault",
    "newer_vault",
    "open_vault",
]
