"""The JSON of answers."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework import renderers
from rest_framework.utils.encoders import JSONEncoder

# As REST framework writes them, so that JSON is also JavaScript of before 2019.
LINE_SEPARATOR, PARAGRAPH_SEPARATOR = "\u2028".encode(), "\u2029".encode()
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS


class JSONRenderer(renderers.JSONRenderer):
    """Writes the JSON of REST framework with orjson, which takes a tenth of the time.

    What orjson refuses, such as integers of more than 64 bits, is left to REST framework, which writes it or raises.
    NaN and infinity become null; no serializer has such numbers.
    Answers are never indented: see AlwaysJSON.
    """

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        try:
            text = orjson.dumps(data, default=_encoder.default, option=OPTIONS)
        except orjson.JSONEncodeError:
            return bytes(super().render(data))
        return text.replace(LINE_SEPARATOR, b"\\u2028").replace(PARAGRAPH_SEPARATOR, b"\\u2029")


_encoder = JSONEncoder()
