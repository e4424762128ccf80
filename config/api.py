"""Parsers and renderers of the API: JSON only, for every `Accept` header."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser

MAX_DEPTH = 20  # the bodies of the API have at most four levels


class AlwaysJSON(BaseContentNegotiation):
    """Responds with JSON for every `Accept` header, so that errors are JSON too."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class StrictJSONParser(JSONParser):
    """Refuses JSON with text that cannot be stored or shown, and JSON that is nested too deeply."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the body. Raises ParseError, which is answered with 400 `invalid`."""
        # RFC 8259 has no other encoding, and no parameter `charset`.
        try:
            data = super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except RecursionError as error:
            raise ParseError(_too_deep()) from error
        for text in _texts(data):
            if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
                raise ParseError(_("The body contains a lone surrogate, which is not a character."))
        return data


def _texts(data: Any) -> Iterator[str]:
    """Yield all texts and names in `data`. Raises ParseError when it is nested too deeply."""
    level, depth = [data], 0
    while level:
        if depth > MAX_DEPTH:
            raise ParseError(_too_deep())
        yield from (each for each in level if isinstance(each, str))
        level, depth = [child for each in level for child in _children(each)], depth + 1


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _too_deep() -> str:
    return _("The body is nested more than %(max)d levels deep.") % {"max": MAX_DEPTH}
