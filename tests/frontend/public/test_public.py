"""The public site."""

from django.utils import timezone

from tenancy.context import tenant_context
from tenancy.testing import make_user, membership_of


def test_anonymous_client_reads_the_landing_page(client, acme, page):
    response = client.get("/")
    seen = page(response)
    assert response.status_code == 200
    assert "Log in" in seen.text
    assert "/auth/login/" in seen.links
    assert "Acme" not in seen.text


def test_the_accounts_come_by_name_with_the_role_in_each(client, acme, globex, charlie, page):
    with tenant_context(globex):
        membership = membership_of(charlie, globex)
        membership.role = "admin"
        membership.save()
    client.log_in(charlie)
    text = page(client.get("/")).text
    assert text.index("Acme") < text.index("Globex")
    assert "Member" in text[text.index("Acme") : text.index("Globex")]
    assert "Admin" in text[text.index("Globex") :]


def test_an_account_that_was_left_is_gone_from_the_list(client, acme, globex, charlie, page):
    with tenant_context(acme):
        membership = membership_of(charlie, acme)
        membership.ended_at = timezone.now()
        membership.save()
    client.log_in(charlie)
    text = page(client.get("/")).text
    assert "Acme" not in text
    assert "Globex" in text


def test_a_suspended_account_is_shown_and_leads_nowhere(client, globex, mallory, page):
    globex.suspended_at = timezone.now()
    globex.save()
    client.log_in(mallory)
    seen = page(client.get("/"))
    assert "Suspended" in seen.text
    assert not [link for link in seen.links if "globex" in link]


def test_an_account_with_a_domain_of_its_own_is_reached_there(client, globex, mallory, page):
    globex.domains.create(host="work.globex.example", is_primary=True)
    client.log_in(mallory)
    assert "http://work.globex.example:8000/auth/enter/" in page(client.get("/")).links


def test_user_without_an_account_is_told_what_to_do(client, db, page):
    client.log_in(make_user("newcomer"))
    assert "An admin of an account can invite you" in page(client.get("/")).text


def test_the_list_is_kept_by_no_cache(client, mallory):
    client.log_in(mallory)
    assert "no-store" in client.get("/")["Cache-Control"]


def test_public_host_has_no_pages_of_accounts(client, acme, task):
    assert client.get("/projects/WEB/").status_code == 404
    assert client.get("/subtasks/").status_code == 404
