"""A kind of notifications and a kind of exports about notes.

Tests register them by a fixture, so that they are in no document of the API.
"""

from uuid import uuid4

import pytest

from accounts.actions.notifications import notify
from accounts.extensions import ExportKind, NotificationKind, Section, Shown, digest_sections, export_kinds
from accounts.extensions import notification_kinds as kinds
from accounts.models import Notification
from tests.sample.models import Note

TEXT = b"The sample\n"


class SampleNotification(NotificationKind):
    name = "sample"
    label = "Sample"
    model = Note
    fields = ("sample",)

    def in_words(self, notification, subject, *, actor_name):
        return f"{actor_name} changed SAMPLE-1"

    def shown(self, subject):
        details = ["A detail"]
        return Shown(
            subject.text, "SAMPLE-1", "inbox", details=details, quote="A quote", thread=f"sample-{subject.pk}"
        )

    def is_wanted(self, notification, subject):
        return subject.text != "Not wanted"


class SampleExport(ExportKind):
    name = "sample"
    permission = "account.read"
    formats = (("txt", "TXT"),)
    model = Note
    most = 100

    def count(self, subject):
        return 1

    def write(self, subject, format, file):  # noqa: A002
        file.write(TEXT)
        yield 1

    def file_stem(self, subject):
        return "SAMPLE"


@pytest.fixture(autouse=True)
def sample_kinds(monkeypatch):
    """Register both kinds for one test, and return the kind of exports."""
    monkeypatch.setitem(kinds._kinds, "sample", SampleNotification())
    monkeypatch.setitem(export_kinds._kinds, "sample", kind := SampleExport())
    return kind


@pytest.fixture
def sample_section():
    """Add a section to the digests of one test."""
    section = Section(title="Samples", summary="1 sample", lines=[], more=3)
    digest_sections.append(lambda member: section)
    yield section
    digest_sections.pop()


def notification_of(subject, member, actor=None, **fields):
    """Notify a member of a subject in the active tenant, and return the notification."""
    fields = {"kind": "sample", "data": {"sample": str(subject.pk)}, "cause": str(uuid4()), **fields}
    notification = Notification(member=member, actor=actor, subject_id=subject.pk, **fields)
    notify([notification])
    return notification
