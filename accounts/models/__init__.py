"""Accounts (the tenants), their domains, users, memberships and other rows of every account."""

from accounts.models.accounts import Account, Color, Domain, MediaAccess
from accounts.models.activity import AbstractActivity, AbstractTopic
from accounts.models.attachments import AbstractAttachment, AttachmentQuerySet, AttachmentState, UploadURL
from accounts.models.audit import AuditDraft, AuditEntry
from accounts.models.credentials import ApiToken, RefreshFamily
from accounts.models.exports import Export, ExportFailure, ExportState
from accounts.models.idempotency import AbstractIdempotencyKey, IdempotencyKey, PlacedIdempotencyKey
from accounts.models.invitations import Invitation
from accounts.models.memberships import Membership
from accounts.models.notifications import Notification
from accounts.models.people import User
from accounts.models.sessions import Session
from accounts.roles import Role

__all__ = [
    "AbstractActivity",
    "AbstractAttachment",
    "AbstractIdempotencyKey",
    "AbstractTopic",
    "Account",
    "ApiToken",
    "AttachmentQuerySet",
    "AttachmentState",
    "AuditDraft",
    "AuditEntry",
    "Color",
    "Domain",
    "Export",
    "ExportFailure",
    "ExportState",
    "IdempotencyKey",
    "Invitation",
    "MediaAccess",
    "Membership",
    "Notification",
    "PlacedIdempotencyKey",
    "RefreshFamily",
    "Role",
    "Session",
    "UploadURL",
    "User",
]
