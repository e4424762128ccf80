"""The JSON of answers is that of REST framework, byte for byte."""

import uuid
from collections import UserDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from rest_framework.renderers import JSONRenderer as PlainRenderer
from rest_framework.utils.serializer_helpers import ReturnDict

from accounts.models import Role
from accounts.rest.rendering import JSONRenderer


class Pair(NamedTuple):
    one: int
    two: str


NOON = datetime.fromisoformat("2026-12-01T12:00:00")
EQUAL = {
    "nothing": None,
    "texts": ["", "ä", "😀", 'quotes " and \\', "</script>", "\x00\x1f\x7f\t\n\r\b\f", "\u2028 and \u2029", "\u00a0"],
    "numbers": [0, -1, 2**53, 2**63, 2**64, -(2**70), 1.5, 0.1, True, False],
    "lazy text": {"text": gettext_lazy("Inbox"), "safe": SafeString("<b>")},
    "uuid": [uuid.UUID(int=0), uuid.uuid4()],
    "moments": [NOON.replace(tzinfo=zone) for zone in (UTC, ZoneInfo("UTC"), ZoneInfo("Europe/London"))],
    "moments elsewhere": [NOON.replace(tzinfo=ZoneInfo("Asia/Kolkata")), NOON.replace(tzinfo=timezone(timedelta(0)))],
    "microseconds": [NOON.replace(tzinfo=UTC, microsecond=each) for each in (1, 1000, 999999)],
    "naive moment": NOON,
    "days": [date(2026, 2, 28), date(1, 1, 1)],
    "time": time(1, 2, 3),
    "duration": timedelta(seconds=90),
    "decimals": [Decimal("1.50"), Decimal(0)],
    "bytes": b"text",
    "role": Role.OWNER,
    "named tuple": Pair(1, "two"),
    "mappings": [UserDict(a=1), {}, {"b": [], "a": ()}],
    "names that are no text": {2: "a", True: "b", None: "c"},
    "generator": (each for each in ()),
}


@pytest.mark.parametrize("what", EQUAL)
def test_json_is_that_of_rest_framework(what):
    data = {"data": EQUAL[what]} if what != "nothing" else None
    assert JSONRenderer().render(data) == PlainRenderer().render(data)


def test_rows_of_a_serializer_are_objects():
    data = ReturnDict({"id": uuid.UUID(int=1)}, serializer=None)
    assert JSONRenderer().render(data) == b'{"id":"00000000-0000-0000-0000-000000000001"}'


@pytest.mark.parametrize(
    "value", [object(), time(1, 2, tzinfo=UTC), "\ud800", Pair], ids=["object", "time", "surrogate", "class"]
)
def test_value_that_rest_framework_refuses_is_refused(value):
    for renderer in (PlainRenderer(), JSONRenderer()):
        with pytest.raises((TypeError, ValueError)):
            renderer.render({"value": value})


def test_answers_are_written_by_this_renderer(client, bob, project):
    response = client.as_(bob).get("/api/v1/projects/")
    assert isinstance(response.accepted_renderer, JSONRenderer)
    assert response.content == PlainRenderer().render(response.data)
