"""/settings/: what the account is called, where it is, how it looks, and what its plan includes"""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from accounts.actions.accounts import create_account, rename_account
from accounts.models import Account, AuditEntry, Domain
from accounts.plans import Plan
from tenancy.context import tenant_context
from tenancy.testing import TenantClient

pytestmark = pytest.mark.django_db

URL = "/settings/"
FIELDS = {
    "name": "Acme",
    "slug": "acme",
    "time_zone": "UTC",
    "accent_hue": "",
    "variant": "standard",
    "media_access": "presigned",
}


def fresh(account):
    return Account.objects.get(pk=account.pk)


def at_host(host):
    return TenantClient(None, HTTP_HOST=host)


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """What is done after a commit is done at its end."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# The page -----------------------------------------------------------------------------------------------------------


def test_an_admin_changes_it(client, page, acme, admin, commits):
    session = client.as_(admin)
    assert page(session.get(URL)).all("input", name="name", value="Acme")
    sent = {"name": "Acme & Sons", "time_zone": "Europe/Vienna", "accent_hue": "30", "variant": "roadmap"}
    sent["media_access"] = "proxied"
    with commits():
        assert session.post(URL, {**FIELDS, **sent}).url == URL
    account = fresh(acme)
    assert (account.name, account.time_zone, account.accent_hue) == ("Acme & Sons", "Europe/Vienna", 30)
    assert (account.variant, account.media_access) == ("roadmap", "proxied")
    shown = page(session.get(URL))
    assert "The settings were saved." in shown.text
    assert shown.all("html")[0]["class"] == "accent hue-30"
    assert "/roadmap/" in shown.links
    with tenant_context(acme):
        assert AuditEntry.objects.get().data["accent_hue"] == [None, 30]


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_members_and_viewers_see_the_settings_and_change_nothing(client, page, acme, bob, vera, request, who):
    session = client.as_(request.getfixturevalue(who))
    shown = page(session.get(URL))
    assert "disabled" in shown.all("fieldset", **{"class": "settings-fields"})[0]
    assert "Save the settings" not in shown.text
    for sent in ({**FIELDS, "name": "x"}, {**FIELDS, "name": ""}, {}):  # before it is told what else is wrong
        assert session.post(URL, sent).status_code == 403
    assert fresh(acme).name == "Acme"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"name": "x\x00"}, "Null characters are not allowed."),
        ({"slug": ""}, "This field is required."),
        ({"slug": "-acme"}, "Use 1 to 63 lower-case letters"),
        ({"slug": "Acme"}, "Use 1 to 63 lower-case letters"),
        ({"slug": "admin"}, "“admin” is reserved."),
        ({"slug": "globex"}, "Account with this Slug already exists."),
        ({"time_zone": "Nowhere/City"}, "is not one of the available choices"),
        ({"accent_hue": "31"}, "is not one of the available choices"),
        ({"variant": "gold"}, "is not one of the available choices"),
        ({"media_access": "pigeon"}, "is not one of the available choices"),
    ],
)
def test_an_error_stands_beside_its_field(client, page, acme, globex, alice, sent, error):
    answer = client.as_(alice).post(URL, {**FIELDS, **sent})
    assert answer.status_code == 400
    assert error in page(answer).text
    assert fresh(acme).name == "Acme"
    assert fresh(acme).slug == "acme"


def test_the_plan_says_what_is_used(client, page, acme, alice, bob, project):
    Account.objects.filter(pk=acme.pk).update(plan=Plan.FREE)
    text = page(client.as_(bob).get("/settings/plan/")).text
    assert "The plan “Free”" in text
    assert "2 of 5" in text
    assert "1 of 10" in text
    assert "0 bytes of 1.0 GB" in text


# Another slug -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_new_address_leads_there_from_the_old_one(client, acme, alice):
    session = client.as_(alice)
    assert session.get("/").status_code == 200  # the host is in the cache now
    answer = session.post(URL, {**FIELDS, "slug": "acme-sons"})
    assert answer.url == "http://acme-sons.localhost:8000/settings/"
    gone = at_host("acme.localhost").get("/projects/WEB/?page=2")
    assert (gone.status_code, gone["Location"]) == (308, "http://acme-sons.localhost:8000/projects/WEB/?page=2")
    assert gone["Cache-Control"] == "no-cache"
    asked = at_host("acme.localhost").post("/api/v1/projects/", {}, content_type="application/json")
    assert (asked.status_code, asked["Location"]) == (308, "http://acme-sons.localhost:8000/api/v1/projects/")
    assert at_host("acme-sons.localhost").get("/").url == "/auth/login/?next=/"


def test_old_address_stays_reserved(client, page, acme, globex, alice, mallory, commits):
    with commits():
        client.as_(alice).post(URL, {**FIELDS, "slug": "acme-sons"})
    answer = client.as_(mallory).post(URL, {**FIELDS, "name": "Globex", "slug": "acme"})
    assert answer.status_code == 400
    assert "Account with this Slug already exists." in page(answer).text
    with pytest.raises(CommandError, match="slug: Account with this Slug already exists"):
        call_command("createtenant", "acme", name="Acme", owner="eve@example.com")
    assert at_host("acme.localhost").get("/")["Location"].startswith("http://acme-sons.localhost")


def test_account_can_return_to_its_old_address(client, acme, alice, commits):
    for old, new in (("acme", "acme-sons"), ("acme-sons", "acme")):
        session = TenantClient(fresh(acme)).as_(alice)
        with commits():
            assert session.post(URL, {**FIELDS, "slug": new}).status_code == 302
        assert at_host(f"{new}.localhost").get("/").status_code == 302
        assert at_host(f"{old}.localhost").get("/").status_code == 308
    assert [domain.host for domain in Domain.objects.all()] == ["acme-sons.localhost"]


def test_only_so_many_addresses_are_kept(client, page, acme, alice, commits):
    for number in range(10):
        Domain.objects.create(tenant=acme, host=f"old-{number}.localhost")
    answer = client.as_(alice).post(URL, {**FIELDS, "slug": "acme-sons"})
    assert answer.status_code == 400
    assert "10 other addresses" in page(answer).text
    assert fresh(acme).slug == "acme"


def test_api_renames_the_account_too(client, acme, admin, bob, commits):
    session = client.as_(admin)
    assert client.as_(bob).json("PATCH", "/api/v1/account/", {"slug": "x"}).status_code == 403
    with commits():
        answer = session.json("PATCH", "/api/v1/account/", {"slug": "acme-sons", "accent_hue": 345.0})
    assert (answer.status_code, answer.json()["slug"], answer.json()["accent_hue"]) == (200, "acme-sons", 345)
    assert session.json("PATCH", "/api/v1/account/", {"name": "x"}).status_code == 308


@pytest.mark.parametrize(
    "body",
    [
        *({"slug": each} for each in ("", None, "Acme", "globex", "www", 3, "x" * 64, "a.b")),
        *({"accent_hue": each} for each in (1, 360, -15, "30", 30.5, True, [])),
        *({"variant": each} for each in ("", None, "gold", 3)),
    ],
)
def test_the_api_refuses_what_makes_no_sense(client, acme, globex, admin, body):
    answer = client.as_(admin).json("PATCH", "/api/v1/account/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, list(body))


def test_a_command_renames_it(acme, globex, commits, capsys):
    with commits():
        call_command("renametenant", "acme", "acme-sons")
    assert "http://acme-sons.localhost:8000/" in capsys.readouterr().out
    assert at_host("acme.localhost").get("/").status_code == 308
    with tenant_context(acme):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.data) == ("account.updated", None, {"slug": ["acme", "acme-sons"]})
    for arguments in (("absent", "x"), ("acme-sons", "globex"), ("acme-sons", "www"), ("acme-sons", "A")):
        with pytest.raises(CommandError) as refused:
            call_command("renametenant", *arguments)
        assert refused.value.returncode == 2


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_given_up_at_the_same_moment_is_not_free(acme, alice, at_once):
    """A request for the name waits for the one that holds it, and sees afterwards that it is kept."""
    errors = at_once(
        lambda: rename_account(account=fresh(acme), slug="elsewhere"),
        lambda: create_account(slug="acme", name="Other", owner_email="eve@example.com"),
    )
    assert [type(error) for error in errors] in ([ValidationError], [IntegrityError])
    assert Account.objects.get().slug == "elsewhere"


def test_the_color_of_an_account_is_shown_in_the_list_of_them(client, page, acme, alice):
    Account.objects.filter(pk=acme.pk).update(accent_hue=15)
    public = TenantClient()
    public.log_in(alice)
    assert page(public.get("/")).all("a", **{"class": "row accent hue-15"})
