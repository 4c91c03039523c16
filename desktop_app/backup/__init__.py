"""Backups: one encrypted, self-contained, verified file for each vault (docs/formats/backup.md)."""
