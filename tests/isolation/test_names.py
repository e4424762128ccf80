"""Names and titles are one line, however they are entered; mails quote them, including older names."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db.models import CharField
from django.utils import timezone

from accounts.emails.sending import quoted
from accounts.jobs import send_digests
from accounts.models import Account, User
from projects.models import Project
from tasks.models import Task
from tenancy.context import tenant_context
from tenancy.fields import LineField
from tenancy.lines import BIDI, one_line, validate_line
from tenancy.testing import membership_of
from tests.accounts.authentication import NEW, SIGN_UP
from tests.accounts.invitations import ACCEPT, invite, post
from tests.accounts.invitations import URL as INVITATIONS
from tests.config.test_settings import ROOT

INJECTED = "Pay at https://evil.example"
BREAKS = ["\n", "\r\n", "\r", "\t", "\x0b", "\x0c", "\x1b", "\x1c", "\x7f", "\x85", "\u2028", "\u2029"]
HOSTILE = [f"Acme{each}{INJECTED}" for each in (*BREAKS, *sorted(BIDI))]
INVISIBLE = [
    *("\ufffc", "\U0001d159", "\u0301", "\u115f\u1160", "\u200b", "\u2060\ufeff"),
    *("\u3164", "\u2800", "\xad", "\u200d", "\ufe0f", " \u2003", "\U000e0041"),
]
REFUSAL = "Must contain a visible character."
GOOD = ["Ærø & Søn", "日本", "👩\u200d👩\u200d👧", "نام\u200cها", "O’Brien “Bob”", "A", "#1", "e\u0301", "<b>"]
# {field: why it is not a line}
NO_LINE = {"tasks.Attachment.name": "is cleaned and not refused: accounts.files.names"}


@pytest.mark.parametrize("name", [*HOSTILE, *INVISIBLE])
def test_name_that_is_not_one_visible_line_is_refused(name):
    with pytest.raises(ValidationError):
        validate_line(name)


@pytest.mark.parametrize("name", GOOD)
def test_names_of_all_languages_are_accepted(name):
    validate_line(name)
    assert one_line(name) == name


def test_every_name_and_title_of_every_model_is_a_line():
    found = {
        f"{model._meta.label}.{field.name}": isinstance(field, LineField)
        for model in apps.get_models()
        if (ROOT / model._meta.app_label).is_dir()
        for field in model._meta.local_concrete_fields
        if isinstance(field, CharField) and field.name in ("name", "title")
    }
    assert {label for label, is_line in found.items() if not is_line} - {"tenancy.OutboxJob.name"} == set(NO_LINE)
    assert len(found) >= 9


# Every way in --------------------------------------------------------------------------------------------------------


@pytest.fixture
def sign_up(client):
    return lambda name: client.post(SIGN_UP, {**NEW, "account_name": name, "slug": "initech"})


@pytest.fixture
def accept(client, acme, alice):
    _row, token = invite(client, alice, acme)
    return lambda name: client.at(acme).json(
        "POST", ACCEPT, {"token": token, "name": name, "password": "a long one x"}
    )


def writing(method, url, field="name", **body):
    @pytest.fixture
    def write(client, alice, project, task):
        values = {"project": str(project.pk), "task": str(task.pk)}
        sent = {key: values.get(key, value) for key, value in body.items()}
        return lambda name: client.as_(alice).json(method, f"/api/v1/{url.format(**values)}", {**sent, field: name})

    return write


rename_account = writing("PATCH", "account/")
rename_person = writing("PATCH", "me/")
add_project = writing("POST", "projects/")
rename_project = writing("PATCH", "projects/{project}/")
add_status = writing("POST", "statuses/", project="", category="todo")
add_label = writing("POST", "labels/")
add_task = writing("POST", "tasks/", "title", project="")
rename_task = writing("PATCH", "tasks/{task}/", "title")
add_subtask = writing("POST", "subtasks/", "title", task="")
add_token = writing("POST", "tokens/")


def posting(url, field="name", **body):
    @pytest.fixture
    def write(client, alice, project, task, subtask, label):
        values = {"label": label.pk, "subtask": subtask.pk, "status": task.status_id}
        return lambda name: client.as_(alice).post(f"/{url.format(**values)}", {**body, field: name}, follow=True)

    return write


ACCOUNT = {"slug": "acme", "time_zone": "UTC", "variant": "standard", "media_access": "proxied"}
PAGES = {
    "page_of_project": posting("", color="blue"),
    "page_of_its_settings": posting("projects/WEB/settings/", color="blue"),
    "page_of_columns": posting("projects/WEB/statuses/", category="todo"),
    "page_of_a_column": posting("statuses/{status}/", category="todo"),
    "page_of_labels": posting("settings/labels/", color="grey"),
    "page_of_a_label": posting("settings/labels/{label}/", color="grey"),
    "page_of_a_new_task": posting("tasks/new/", "title", project="WEB"),
    "page_of_a_task": posting("tasks/WEB-1/text/", "title", version="1", seen=""),
    "page_of_subtasks": posting("tasks/WEB-1/subtasks/", "title"),
    "page_of_a_subtask": posting("subtasks/{subtask}/rename/", "title"),
    "page_of_the_account": posting("settings/", **ACCOUNT),
}
globals().update(PAGES)
WAYS = [
    *("sign_up", "accept", "rename_account", "rename_person", "add_project", "rename_project", "add_status"),
    *("add_label", "add_task", "rename_task", "add_subtask", "add_token"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
def test_every_endpoint_refuses_hostile_names(request, way):
    write = request.getfixturevalue(way)
    for name in (HOSTILE[0], f"Acme\u202e{INJECTED}", "\u200b"):
        answer = write(name)
        if way == "sign_up":
            assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["account_name"]), repr(name)
        else:
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), (repr(name), answer.content)
    assert write("Ærø & Søn").status_code in (200, 201, 302)


@pytest.mark.django_db
@pytest.mark.parametrize("way", PAGES)
def test_every_page_refuses_invisible_names(request, way):
    write = request.getfixturevalue(way)
    for name in ("\u200b", "\u2800\u3164", " \u00ad\u2060 ", "\u0301"):
        assert REFUSAL in write(name).content.decode(), repr(name)
    answer = write("Ærø & Søn")
    assert (answer.status_code, REFUSAL in answer.content.decode()) == (200, False)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [HOSTILE[0], f"Acme\u202e{INJECTED}", "\u200b"])
def test_command_refuses_hostile_names(name):
    with pytest.raises(CommandError, match="name: Must"):
        call_command("createtenant", "globex", f"--name={name}", "--owner=x@example.com", verbosity=0)
    assert not Account.objects.exists()


# Mails ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def named(acme, alice, task):
    """Have rows with hostile names that were stored before names were checked."""

    def named(name):
        Account.objects.filter(pk=acme.pk).update(name=name)
        User.objects.filter(pk=alice.pk).update(name=name)
        with tenant_context(acme):
            Project.objects.update(name=name)
            Task.objects.update(title=name, due_date=timezone.localdate() + timedelta(days=1))

    return named


@pytest.fixture
def all_mails(client, acme, alice, bob, task, assign):
    """Send every kind of mail that may contain a name, and return the mails."""

    def all_mails():
        assign(alice, task, bob)
        client.as_(alice).json("POST", INVITATIONS, {"email": "nina@example.com"})
        with tenant_context(acme):
            send_digests(day=timezone.localdate().isoformat())
        mails = [*post(), *post()]  # a job enqueues the digests
        client.as_(alice).json("DELETE", "/api/v1/account/", {"name": Account.objects.get(pk=acme.pk).name})
        return [*mails, *post()]

    return all_mails


@pytest.fixture
def assign(client, acme):
    def assign(actor, task, person):
        body = {"assignees": [str(membership_of(person, acme).pk)]}
        assert client.as_(actor).json("PATCH", f"/api/v1/tasks/{task.pk}/", body).status_code == 200

    return assign


@pytest.mark.django_db
@pytest.mark.parametrize("name", [f"Acme\r\n\r\n{INJECTED}”", f"Acme\u2028{INJECTED}\u202e"])
def test_name_is_delimited_from_the_text_of_mails(named, all_mails, name):
    named(name)
    mails = all_mails()
    kinds = {mail.subject.replace(quoted(name), "NAME") for mail in mails}
    assert {"NAME invites you to NAME", "NAME will be deleted"} <= kinds
    assert len(mails) >= 4
    for mail in mails:
        raw = mail.message()
        assert raw["Subject"].splitlines() == [raw["Subject"]]
        assert set(raw.keys()) >= {"From", "To", "Subject"}
        # In every line the name is in quotes, or it is the whole line, as a title or a sender.
        title = one_line(name)
        for text in (mail.body, mail.alternatives[0].content.replace("&#x27;", "'")):
            for line in text.splitlines():
                rest = line.replace(quoted(name), "").replace(title, "")
                assert INJECTED not in rest, (mail.subject, line)
            assert not [each for each in text if each in BIDI]
            sentences = [
                line.replace(quoted(name), "") for line in text.splitlines() if "invite" in line or "asked" in line
            ]
            assert not [sentence for sentence in sentences if INJECTED in sentence]


def test_quotes_within_a_name_do_not_end_the_name():
    assert quoted('Acme” has paid. “x"') == "“Acme' has paid. 'x'”"
    assert len(quoted("x" * 500)) == 82
