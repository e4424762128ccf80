"""All routes, read from the URLconfs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver
from rest_framework.views import APIView

URLCONFS = ["config.urls.public", "config.urls.tenant", "config.urls.roadmap"]


@dataclass(frozen=True)
class Route:
    """One URL pattern. `pattern` is its text in the URLconf, `arguments` maps its parts to their converters' names."""

    urlconf: str
    pattern: str
    name: str
    view: Callable[..., Any]
    arguments: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.urlconf.rpartition('.')[2]}:{self.pattern}"

    @property
    def api_view(self) -> type[APIView] | None:
        found = getattr(self.view, "cls", None)
        return found if isinstance(found, type) and issubclass(found, APIView) else None


def routes(urlconf: str) -> list[Route]:
    return list(_walk(urlconf, get_resolver(urlconf), "", "", ()))


def _walk(urlconf: str, resolver: URLResolver, pattern: str, namespace: str, arguments: Any) -> Iterator[Route]:
    for each in resolver.url_patterns:
        text = pattern + str(each.pattern).removeprefix("^")
        known = {name: type(converter).__name__ for name, converter in each.pattern.converters.items()}
        known = dict.fromkeys(each.pattern.regex.groupindex, "text") | known
        taken = (*arguments, *known.items())
        if isinstance(each, URLResolver):
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from _walk(urlconf, each, text, inner, taken)
        else:
            yield Route(urlconf, text, f"{namespace}{each.name or ''}", each.callback, taken)
