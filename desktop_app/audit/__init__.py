"""Who saw whose data, and what was done to the vault: an append-only chain inside the encrypted database."""

from desktop_app.audit.kinds import KINDS, Kind
from desktop_app.audit.model import AuditQuery, Entry, Origin, set_origin
from desktop_app.audit.recorder import Audit
from desktop_app.audit.service import AuditService

__all__ = ["KINDS", "Audit", "AuditQuery", "AuditService", "Entry", "Kind", "Origin", "set_origin"]
