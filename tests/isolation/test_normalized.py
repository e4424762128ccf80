"""Text is normalized to NFC, however it is entered."""

import ast
import unicodedata

import pytest
from django import forms
from django.apps import apps
from django.core.management import call_command
from django.db.models import CharField, EmailField, TextField
from django.urls import get_resolver
from rest_framework import serializers

import tasks.api  # noqa: F401
from accounts.models import Account
from accounts.rest.filters import StrictFilterSet
from accounts.rest.serializers import StrictSerializer, Text
from projects.models import Activity, Label, Project
from tasks.models import Subtask, Task
from tenancy.context import tenant_context
from tenancy.fields import DerivedText, LineField, Normalized, NormalizedLine, NormalizedText
from tenancy.lines import normalized_line
from tests.config.test_settings import ROOT

COMPOSED, DECOMPOSED = "Café", "Cafe\u0301"
OURS = ("accounts", "projects", "tasks", "tenancy", "frontend", "config")

# {field: why it is not normalized}. Choices, hashes and uneditable fields contain text of the program.
NO_TEXT = {
    "accounts.Account.variant": "one of the settings' words",
    "accounts.Account.time_zone": "the name of a time zone",
    "accounts.Account.slug": "small letters and digits",
    "accounts.Domain.host": "encoded as IDNA",
    "accounts.AuditDraft.action": "one of the program's own words",
    "accounts.AuditEntry.action": "one of the program's own words",
    "accounts.Notification.kind": "the name of a kind",
    "accounts.Export.kind": "the name of a kind",
    "accounts.Export.format": "the name of a format",
    "accounts.PlacedIdempotencyKey.request_hash": "a hash",
    "accounts.PlacedIdempotencyKey.body_hash": "a hash",
    "accounts.PlacedIdempotencyKey.body": "an answer, as it was sent",
    "accounts.IdempotencyKey.request_hash": "a hash",
    "accounts.IdempotencyKey.body_hash": "a hash",
    "accounts.IdempotencyKey.body": "an answer, as it was sent",
    "accounts.Session.session_key": "small letters and digits",
    "accounts.Session.session_data": "encoded and signed",
    "accounts.User.password": "a hash",
    "accounts.User.time_zone": "the name of a time zone",
    "projects.Project.key": "capital letters and digits",
    "projects.Status.rank": "a place in an order",
    "projects.Activity.verb": "one of the program's own words",
    "tasks.Task.rank": "a place in an order",
    "tasks.Subtask.rank": "a place in an order",
    "tasks.Attachment.name": "is cleaned, to NFC too: accounts.files.names",
    "tasks.Attachment.content_type": "a media type",
    "tenancy.OutboxJob.name": "one of the program's own words",
    "tenancy.OutboxJob.error": "what an exception said",
    "tenancy.DailyRun.job": "one of the program's own words",
}


def subclasses(base):
    for each in base.__subclasses__():
        yield each
        yield from subclasses(each)


def ours(base):
    get_resolver().url_patterns  # noqa: B018  # imports all views
    return {each for each in subclasses(base) if each.__module__.split(".")[0] in OURS}


# Everything that can hold a text ------------------------------------------------------------------------------------


def test_every_text_of_every_model_is_normalized():
    texts = {
        f"{model._meta.label}.{field.name}": isinstance(field, Normalized)
        for model in apps.get_models()
        if (ROOT / model._meta.app_label).is_dir()
        for field in model._meta.local_concrete_fields
        if isinstance(field, CharField | TextField) and not isinstance(field, DerivedText | EmailField)
        if field.editable and not field.choices
    }
    assert {label for label, is_normalized in texts.items() if not is_normalized} == set(NO_TEXT)
    for label in (label for label, is_normalized in texts.items() if is_normalized):
        field = apps.get_model(label.rpartition(".")[0])._meta.get_field(label.rpartition(".")[2])
        assert field.to_python(DECOMPOSED) == field.get_prep_value(DECOMPOSED) == COMPOSED, label
        assert isinstance(field.formfield(), NormalizedLine if isinstance(field, LineField) else NormalizedText), label
    assert len(texts) - len(NO_TEXT) >= 10


def test_every_text_of_every_serializer_is_normalized():
    found = {}
    for each in ours(StrictSerializer):
        if each.__name__ not in UNFINISHED and (each._declared_fields or hasattr(each, "Meta")):
            for name, field in each().fields.items():
                if type(field) in (serializers.CharField, Text) and not field.read_only:
                    found[f"{each.__name__}.{name}"] = field
    plain = {name for name, field in found.items() if not isinstance(field, Text)}
    assert {name.partition(".")[0] for name in plain} <= ONLY_ANSWERS
    assert len(found) > 20
    for name in found.keys() - plain:
        expected = DECOMPOSED if name.endswith(".password") else COMPOSED  # is hashed unchanged, like those of forms
        assert found[name].to_internal_value(DECOMPOSED) == expected, name


UNFINISHED = {"AttachmentFields"}  # have no model: subclasses do
ONLY_ANSWERS = {"PairSerializer", "LogInSerializer", "NamedAccountSerializer", "InstructionsSerializer"}


def test_every_text_of_every_form_is_normalized():
    found = {
        f"{each.__name__}.{name}": field
        for each in ours(forms.BaseForm)
        for name, field in getattr(each, "base_fields", {}).items()
        if isinstance(field, forms.CharField) and not isinstance(field, forms.EmailField | forms.UUIDField)
        if not isinstance(field.widget, forms.PasswordInput)  # is hashed unchanged
    }
    plain = {name for name, field in found.items() if not isinstance(field, NormalizedText)}
    assert plain == {
        *("AskCode.code", "AskCodeAgain.code", "AskCodeInAPI.code", "SwitchOnApp.code", "TickItem.item"),  # digits
        *("SignUp.username", "General.slug"),  # is taken out; small letters and digits
    }
    assert len(found) > 20


def test_every_text_of_every_filter_is_normalized():
    found = [each for one in ours(StrictFilterSet) for each in one.base_filters.values()]
    texts = [
        each.field_class
        for each in found
        if issubclass(each.field_class, forms.CharField) and not issubclass(each.field_class, forms.UUIDField)
    ]
    assert len(texts) >= 4
    assert all(issubclass(each, NormalizedText) for each in texts)


def test_no_queryset_update_bypasses_derived_columns():
    """`update()` and `bulk_update()` do not compute the columns for sorting and search."""
    sources = {
        name
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, DerivedText)
        for name in field.sources
    }
    assert sources == {"title", "description", "body", "name"}
    for path in (path for app in OURS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                names = {keyword.arg for keyword in node.keywords if node.func.attr == "update"}
                if node.func.attr == "bulk_update":
                    names |= {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
                assert not names & sources, f"{path}:{node.lineno}"


# Some of the ways in ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["page", "API"])
def test_label_in_two_unicode_forms_is_one_label(client, acme, bob, first):
    session = client.as_(bob)

    def add(way, name):
        if way == "API":
            return session.json("POST", "/api/v1/labels/", {"name": name}).status_code
        return session.post("/settings/labels/", {"name": name, "color": "grey"}).status_code

    second = "API" if first == "page" else "page"
    assert add(first, DECOMPOSED) in (201, 302)
    assert add(second, COMPOSED.upper()) == 400
    assert add(first, DECOMPOSED) == 400
    with tenant_context(acme):
        assert list(Label.objects.values_list("name", flat=True)) == [COMPOSED]
        assert Label.objects.filter(name=DECOMPOSED).exists()


HIDDEN = ["\u200b", "\u2060", "\ufeff", "\u00ad", "\u200c", "\u200d\u200d", "\ufe0f", "\u2063\u200d", "\U000e0041"]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_name_has_no_invisible_characters(hidden):
    for name in (f"Caf{hidden}é", f"{hidden}Cafe\u0301", f"{hidden} Café {hidden}", f"Cafe{hidden}\u0301"):
        assert normalized_line(name) == COMPOSED, ascii(name)
    assert normalized_line(hidden) == hidden  # is refused as invisible
    assert Label._meta.get_field("name").get_prep_value(f"C{hidden}afé") == COMPOSED
    assert Task._meta.get_field("description").to_python(f"C{hidden}afé") == f"C{hidden}afé"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "👩\u200d👩\u200d👧",
            "❤\ufe0f\u200d🔥",
            "👩🏽\u200d💻",
            "1\ufe0f\u20e3",
            "©\ufe0f",
            "🏴\U000e0067\U000e0062\U000e007f",
        ),
        *("نام\u200cها", "क्\u200dष", "ක්\u200dර", "葛\U000e0100", "≨\ufe00", "Café 日本"),
    ],
)
def test_a_name_keeps_the_characters_that_scripts_and_emoji_need(name):
    assert normalized_line(name) == name


@pytest.mark.django_db
@pytest.mark.parametrize("hidden", ["\u200b", "\u200d"])
def test_a_label_with_a_hidden_character_is_the_one_without(client, acme, bob, hidden):
    session = client.as_(bob)
    assert session.json("POST", "/api/v1/labels/", {"name": f"Caf{hidden}é"}).json()["name"] == COMPOSED
    for name in (COMPOSED, f"{hidden}Café", f"CAFE{hidden}\u0301"):
        assert session.json("POST", "/api/v1/labels/", {"name": name}).status_code == 400
        assert session.post("/settings/labels/", {"name": name, "color": "grey"}).status_code == 400
    assert session.json("POST", "/api/v1/labels/", {"name": f"x{hidden}" * 50}).json()["name"] == "x" * 50
    assert session.post("/settings/labels/", {"name": f"y{hidden}" * 50, "color": "grey"}).status_code == 302
    call_command("createtenant", "hidden", f"--name=Caf{hidden}é", "--owner=x@example.com", verbosity=0)
    assert Account.objects.get(slug="hidden").name == COMPOSED


@pytest.mark.django_db
def test_every_write_normalizes_names(client, acme, alice, project, task):
    session = client.as_(alice)
    for name in ("Café", "Caf\u200bé"):
        answer = session.json("PATCH", "/api/v1/tasks/WEB-1/", {"title": name}).json()
        assert (answer["title"], answer["version"]) == (COMPOSED, 2)
    assert session.json("PATCH", "/api/v1/me/", {"name": "Al\u200bice"}).json()["name"] == "Alice"
    assert session.json("PATCH", "/api/v1/account/", {"name": "Ac\u2060me"}).json()["name"] == "Acme"
    with tenant_context(acme):
        (row,) = Subtask.objects.bulk_create([Subtask(task=task, title="Caf\u200bé", rank="b")])
        row.refresh_from_db()
        assert (row.title, row.title_key) == (COMPOSED, "cafe")


@pytest.mark.django_db
def test_length_limit_applies_to_the_stored_name(client, bob, acme):
    for url, field in (("/api/v1/labels/", "name"),):
        answer = client.as_(bob).json("POST", url, {field: "e\u0301" * 50})
        assert (answer.status_code, answer.json()[field]) == (201, "é" * 50)
    assert client.as_(bob).post("/settings/labels/", {"name": "o\u0301" * 50, "color": "grey"}).status_code == 302


@pytest.mark.django_db
def test_text_in_another_unicode_form_is_no_change(client, acme, alice, project, task):
    session = client.as_(alice)
    assert session.json("PATCH", "/api/v1/tasks/WEB-1/", {"title": COMPOSED}).json()["version"] == 2
    assert session.json("PATCH", "/api/v1/tasks/WEB-1/", {"title": DECOMPOSED}).json()["version"] == 2
    assert session.json("PATCH", f"/api/v1/projects/{project.pk}/", {"name": COMPOSED}).status_code == 200
    comment = session.json("POST", "/api/v1/comments/", {"task": "WEB-1", "body": f"{DECOMPOSED}\n{COMPOSED}"}).json()
    assert comment["body"] == f"{COMPOSED}\n{COMPOSED}"
    answer = session.json("PATCH", f"/api/v1/comments/{comment['id']}/", {"body": f"{COMPOSED}\n{DECOMPOSED}"})
    assert answer.json()["edited_at"] is None
    with tenant_context(acme):
        before = Activity.objects.count()
        session.json("PATCH", f"/api/v1/projects/{project.pk}/", {"name": DECOMPOSED})
        assert Activity.objects.count() == before
        assert Project.objects.get().name == COMPOSED


@pytest.mark.django_db
def test_commands_and_direct_saves_normalize_names(acme, task):
    call_command("createtenant", "umlaut", f"--name={DECOMPOSED}", "--owner=x@example.com", verbosity=0)
    assert Account.objects.get(slug="umlaut").name == COMPOSED
    with tenant_context(acme):
        row = Subtask.objects.create(task=task, title=DECOMPOSED, rank="a")
        assert row.title == COMPOSED
        (row,) = Subtask.objects.bulk_create([Subtask(task=task, title=DECOMPOSED, rank="b")])
        row.refresh_from_db()
        assert (row.title, row.title_key) == (COMPOSED, "cafe")


@pytest.mark.django_db
def test_deletion_is_confirmed_with_either_unicode_form(client, acme, alice):
    Account.objects.filter(pk=acme.pk).update(name=COMPOSED)
    assert client.as_(alice).json("DELETE", "/api/v1/account/", {"name": DECOMPOSED}).status_code in (202, 204)


@pytest.mark.django_db
def test_partially_loaded_row_keeps_its_search_columns(acme, task):
    with tenant_context(acme):
        for row in (Task.objects.get(), Task.objects.only("title").get()):
            row.title = f"{row.title} Ünder"
            row.save()
        Task.objects.get().save(update_fields=["updated_at"])
        row = Task.objects.values("title_key", "search_text").get()
    assert row == {
        "title_key": "write the welcome page under",
        "search_text": " write the welcome page under ",
    }
    assert unicodedata.is_normalized("NFC", row["search_text"])
