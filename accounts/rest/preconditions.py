"""Conditional requests with `If-Match` and `If-None-Match` (RFC 9110, section 13)."""

import re
from collections.abc import Collection

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
TAGS = re.compile(rf"{TAG}(?:[ \t]*,[ \t]*{TAG})*")
ANY = "*"


def read_tags(request: Request, name: str) -> list[str] | None:
    """Return the entity tags in the header `name`, quotes and `W/` included, or `["*"]`; None without the header.

    Raises ValidationError. Django's parser drops malformed tags, so a conditional write would become unconditional.
    """
    text = request.headers.get(name)
    if text is None:
        return None
    text = text.strip(" \t")
    if text == ANY:
        return [ANY]
    if not TAGS.fullmatch(text):
        raise ValidationError({name: [_("Must be `*` or entity tags in quotes, as `ETag` gives them.")]})
    return re.findall(TAG, text)


def match(tags: Collection[str], tag: str) -> bool:
    """Return whether `If-Match` holds for a row whose tag is `tag`. Tags are strong, so a weak one never matches."""
    return ANY in tags or tag in tags


def unless_known(request: Request, response: Response) -> Response:
    """Return the answer with a row, or 304 if the client has it already. Raises ValidationError."""
    tags = read_tags(request, "If-None-Match")
    if tags is None:
        return response
    tag = response.headers["ETag"]
    known = ANY in tags or tag in {each.removeprefix("W/") for each in tags}
    return Response(status=304, headers={"ETag": tag}) if known else response
