"""The HTML of parts of pages that each process caches.

Without a cache, rendering them takes most of the time of a page, and most are the same as in the last request. No
invalidation is needed: the key is everything that a part shows, because its template gets nothing else. The template
gets no request either, so the HTML contains neither a CSRF token nor the nonce of the content security policy.
"""

from dataclasses import dataclass, fields
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import get_script_prefix, get_urlconf
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from frontend.shared.html_cache import HTMLCache
from tenancy.context import get_active_tenant

cache = HTMLCache(16 * 2**20)  # parts of some kB each; long ones, as the links to hundreds of projects, are rendered


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What changes the HTML of a template apart from its context."""

    tenant: UUID | None
    variant: str  # selects templates
    urlconf: str | None
    script_prefix: str  # of URLs, with path routing
    language: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """Everything that the HTML of a part of a page shows. A subclass names its template, which gets the fields."""

    template: ClassVar[str]

    def html(self) -> SafeString:
        """Return the HTML for the active tenant."""
        key = (self, surroundings())
        html = cache.get(key)
        if html is None:
            shown = {field.name: getattr(self, field.name) for field in fields(self)}
            html = render_to_string(self.template, {"product": settings.PRODUCT_NAME, **shown})
            cache.put(key, html)
        return SafeString(html)


def surroundings() -> Surroundings:
    tenant = get_active_tenant()
    return Surroundings(
        tenant=tenant.pk if tenant else None,
        variant=tenant.variant if tenant else "",
        urlconf=get_urlconf(),
        script_prefix=get_script_prefix(),
        language=get_language(),
    )
