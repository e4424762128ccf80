"""The exports of a member and their progress: of one project, or of the whole account."""

from typing import Any

from django.db.models import QuerySet

from tasks.models import Export

SHOWN = 20


def progress_of(exports: QuerySet[Export], url: str) -> dict[str, Any]:
    """Return the context of `shared/components/exports.html`. `url` answers htmx with that template alone."""
    shown = list(exports[:SHOWN])
    return {"exports": shown, "unfinished": any(export.is_unfinished for export in shown), "exports_url": url}
