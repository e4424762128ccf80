"""The exports of a member and their progress: of one subject, or of the whole account."""

from typing import Any

from accounts.models import Export, Membership

SHOWN = 20


def exports_of(member: Membership, url: str, *, kind: str, subject: Any = None) -> dict[str, Any]:
    """Return the context of `shared/components/exports.html`. `url` answers htmx with that template alone."""
    of_subject = Export.objects.visible_to(member).filter(kind=kind, subject_id=subject and subject.pk)
    shown = list(of_subject[:SHOWN])
    for export in shown:
        export.subject = subject
    return {"exports": shown, "unfinished": any(export.is_unfinished for export in shown), "exports_url": url}
