"""Template loaders: templates of the variant of the active tenant override the common ones."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.template import Origin
from django.template.loaders import cached, filesystem

from tenancy.context import get_active_tenant


def active_variant() -> str:
    """Return the template directory of the variant of the active tenant, or an empty string."""
    tenant = get_active_tenant()
    return str(settings.TENANCY["VARIANTS"][tenant.variant]["TEMPLATES"]) if tenant else ""


class VariantLoader(filesystem.Loader):
    """Searches `<dir>/<variant>/` in each of its directories. Tenants cannot provide templates."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        variant = active_variant()
        if variant:
            for directory in self.get_dirs():
                yield from filesystem.Loader(self.engine, [f"{directory}/{variant}"]).get_template_sources(
                    template_name
                )


class CachedLoader(cached.Loader):
    """Django's cached loader with the variant in the cache key."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        return f"{active_variant()}:{super().cache_key(template_name, skip)}"
