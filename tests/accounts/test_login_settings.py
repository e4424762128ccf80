"""/auth/: password, address, sessions and deletion of a user, on the public site and at their accounts"""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import IntegrityError

from accounts.actions.members import LastOwner
from accounts.actions.user_deletion import delete_user
from accounts.models import ApiToken, AuditEntry, Membership, RefreshFamily, User
from tasks.actions.comments import create_comment
from tasks.models import Comment
from tenancy.context import tenant_context
from tenancy.testing import PASSWORD, make_user, membership_of
from tests.accounts.authentication import NEW, SIGN_UP, give_app, is_in
from tests.accounts.authentication import log_in as log_in_page

pytestmark = pytest.mark.django_db
PASSWORD_PAGE, ADDRESS, DELETE = "/auth/password/change/", "/auth/email/", "/auth/delete/"
OTHERS = "/auth/others/"
OTHER = "another long sentence"


def change_password(client, old=PASSWORD, new=OTHER, again=OTHER):
    return client.post(PASSWORD_PAGE, {"oldpassword": old, "password1": new, "password2": again})


@pytest.mark.parametrize(
    "path", ["/auth/", PASSWORD_PAGE, ADDRESS, DELETE, "/auth/2fa/app/activate/", "/auth/2fa/recovery-codes/"]
)
def test_anonymous_client_is_redirected_to_the_login(client, acme, path):
    for host in (None, acme):
        assert client.at(host).get(path)["Location"] == f"/auth/login/?next={path}"


def test_login_settings_are_available_on_every_host(client, acme, bob):
    client.log_in(bob)
    for session in (client, client.as_(bob)):
        shown = session.get("/auth/")
        assert "bob@example.com" in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]


# The password --------------------------------------------------------------------------------------------------------


def test_a_new_password_ends_all_other_sessions(client, acme, globex, charlie, post):
    here, elsewhere, there = client.as_(charlie), client.as_(charlie), client.as_(charlie, at=globex)
    answer = post(change_password, here)
    assert (answer.status_code, answer["Location"]) == (302, "/auth/")
    assert "Your password was changed." in here.get("/auth/").content.decode()
    assert [is_in(session) for session in (here, elsewhere, there)] == [True, False, False]
    assert (post.only.subject, post.only.to) == ("Your password was changed", ["charlie@example.com"])


def test_password_change_ends_refresh_tokens_and_keeps_personal_tokens(
    client, acme, globex, charlie, log_in, personal
):
    refresh, token = log_in(charlie, globex)["refresh"], personal(charlie, globex)["token"]
    change_password(client.as_(charlie, at=acme))
    answer = client.at(globex).json("POST", "/api/v1/auth/token/refresh/", {"refresh": refresh})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert client.at(globex).get("/api/v1/projects/", **bearer).status_code == 200


@pytest.mark.parametrize(
    "fields", [{"old": "wrong"}, {"new": "short", "again": "short"}, {"again": "something else"}], ids=str
)
def test_password_change_needs_the_old_password_and_a_valid_new_one_twice(client, acme, bob, fields):
    session = client.as_(bob)
    assert change_password(session, **fields).status_code == 200
    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)


def test_guesses_of_the_old_password_are_limited(client, acme, bob):
    session = client.as_(bob)
    codes = [change_password(session, old="wrong").status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]


# Ending log-ins ------------------------------------------------------------------------------------------------------


def end_others(session):
    session.post("/auth/reauthenticate/", {"password": PASSWORD})
    return session.post(OTHERS, follow=True)


def test_user_ends_all_other_sessions(client, acme, globex, charlie, log_in, personal):
    here, elsewhere, there = client.as_(charlie), client.as_(charlie), client.as_(charlie, at=globex)
    client.log_in(charlie)
    pair, token = log_in(charlie, acme), personal(charlie, acme)["token"]
    assert "All other sessions were logged out." in end_others(here).content.decode()
    assert [is_in(session) for session in (here, elsewhere, there, client)] == [True, False, False, False]
    at = client.at(acme)
    bearer = [{"HTTP_AUTHORIZATION": f"Bearer {text}"} for text in (pair["access"], token)]
    assert [at.get("/api/v1/projects/", **each).status_code for each in bearer] == [401, 200]
    for path, body in (("refresh", {"refresh": pair["refresh"]}), ("verify", {"token": pair["refresh"]})):
        assert at.json("POST", f"/api/v1/auth/token/{path}/", body).json()["code"] == "invalid_token"
    assert at.json("POST", "/api/v1/auth/token/verify/", {"token": token}).status_code == 200


def test_ending_other_sessions_needs_the_password_and_a_post(client, acme, charlie):
    session, other = client.as_(charlie), client.as_(charlie)
    assert session.post(OTHERS)["Location"].startswith("/auth/reauthenticate/")
    assert session.get(OTHERS).status_code == 405
    assert is_in(other)


def test_sessions_of_other_users_are_kept(client, acme, bob, charlie):
    session = client.as_(bob)
    end_others(client.as_(charlie))
    assert is_in(session)


def test_reauthentication_creates_a_new_session_key(client, acme, bob):
    session, copied = client.as_(bob), client.at(acme)
    copied.cookies["sessionid"] = session.cookies["sessionid"].value
    assert is_in(copied)
    session.post("/auth/reauthenticate/", {"password": PASSWORD})
    assert [is_in(session), is_in(copied)] == [True, False]


def test_reauthentication_with_a_code_creates_a_new_session_key(client, acme, bob):
    give_app(client.as_(bob), bob)
    session, copied = client.as_(bob), client.at(acme)
    copied.cookies["sessionid"] = session.cookies["sessionid"].value
    code = Authenticator.objects.get(user=bob, type="recovery_codes").wrap().get_unused_codes()[0]
    session.post("/auth/2fa/reauthenticate/", {"code": code})
    assert [is_in(session), is_in(copied)] == [True, False]


@pytest.mark.parametrize(("days", "inside"), [(13, True), (15, False)])
def test_a_session_ends_two_weeks_after_the_log_in_however_much_it_is_used(client, acme, bob, days, inside):
    browser = client.as_(bob)
    session = browser.session
    session["since"] -= days * 24 * 60 * 60
    session.save()
    assert is_in(browser) == inside


# The address ---------------------------------------------------------------------------------------------------------


def ask_for(session, email="robert@example.com"):
    session.post("/auth/reauthenticate/", {"password": PASSWORD})
    return session.post(ADDRESS, {"email": email, "action_add": ""})


def test_new_address_is_used_after_its_confirmation(client, acme, bob, post):
    session = client.as_(bob)
    post(ask_for, session)
    asked, told = sorted(post.mails, key=lambda mail: mail.to == ["bob@example.com"])
    assert (asked.to, told.to) == (["robert@example.com"], ["bob@example.com"])
    assert "robert@example.com" in told.body
    post.mails = [asked]
    host, path = post.link()
    assert host == "localhost:8000"  # the address belongs to the user, and not to an account
    bob.refresh_from_db()
    assert bob.email == "bob@example.com"
    client.post(path)
    bob.refresh_from_db()
    assert (bob.email, bob.is_confirmed) == ("robert@example.com", True)
    assert list(EmailAddress.objects.filter(user=bob).values_list("email", flat=True)) == ["robert@example.com"]
    assert log_in_page(client.at(acme), bob)["Location"] == "/"


def test_address_change_needs_the_password_again(client, acme, bob):
    answer = client.as_(bob).post(ADDRESS, {"email": "robert@example.com", "action_add": ""})
    assert answer["Location"].startswith("/auth/reauthenticate/")
    assert EmailAddress.objects.filter(user=bob).count() == 1


def test_pending_address_can_be_removed(client, acme, bob, post):
    session = client.as_(bob)
    post(ask_for, session)
    (link,) = [mail for mail in post.mails if mail.to == ["robert@example.com"]]
    session.post(ADDRESS, {"email": "robert@example.com", "action_remove": ""})
    post.mails = [link]
    assert client.post(post.link()[1]).status_code == 404
    bob.refresh_from_db()
    assert bob.email == "bob@example.com"


def by_link(client, post):
    post(client.post, "/auth/password/reset/", {"email": "bob@example.com"})
    page = client.get(post.link()[1], follow=True).redirect_chain[-1][0]
    return client.post(page, {"password1": OTHER, "password2": OTHER})


@pytest.mark.parametrize(
    "notice",
    [
        lambda session, post: change_password(session),
        lambda session, post: by_link(session.at(None), post),
        lambda session, post: end_others(session),
    ],
    ids=["password", "link", "others"],
)
def test_security_actions_remove_the_pending_address(client, acme, bob, post, notice):
    """A pending address may belong to an intruder, and its link needs no log-in, so it could be used days later."""
    post(ask_for, client.as_(bob))
    post.mails = [mail for mail in post.mails if mail.to == ["robert@example.com"]]
    path = post.link()[1]
    assert notice(client.as_(bob), post).status_code in (200, 302)
    assert client.at(None).post(path).status_code == 404
    bob.refresh_from_db()
    assert (bob.email, bob.is_confirmed) == ("bob@example.com", True)


def test_address_of_another_user_is_neither_revealed_nor_taken(client, acme, bob, mallory, post):
    session = client.as_(bob)
    answers = set()
    for email in ("absent@example.com", "mallory@example.com"):
        answer = post(ask_for, session, email)
        answers.add((answer.status_code, answer["Location"], len(post.mails)))
    assert len(answers) == 1
    post.mails = [mail for mail in post.mails if mail.to == ["mallory@example.com"]]
    assert "belongs to another user" in client.post(post.link()[1], follow=True).content.decode()
    bob.refresh_from_db()
    assert bob.email == "bob@example.com"


def test_user_who_signs_up_with_a_pending_address_keeps_it(client, acme, bob, post):
    session = client.as_(bob)
    post(ask_for, session, NEW["email"])
    post.mails = [mail for mail in post.mails if mail.to == [NEW["email"]]]
    path = post.link()[1]
    client.at(None).post(SIGN_UP, NEW)
    answer = client.at(None).post(path)
    assert answer.status_code == 302
    bob.refresh_from_db()
    assert bob.email == "bob@example.com"
    assert User.objects.filter(email=NEW["email"]).exists()


def test_user_with_an_authenticator_app_can_change_the_address(client, acme, bob, post):
    session = client.as_(bob)
    give_app(session, bob)
    post(ask_for, session)
    assert len(post.mails) == 2


# Deleting oneself ----------------------------------------------------------------------------------------------------


def delete(session, email="charlie@example.com", password=PASSWORD):
    return session.post(DELETE, {"email": email, "password": password})


@pytest.fixture
def comment(acme, charlie, task):
    with tenant_context(acme):
        return create_comment(actor=membership_of(charlie, acme), task=task, body="A word of charlie's")


def test_deleted_user_leaves_all_accounts_and_their_content_stays(
    client, acme, globex, charlie, comment, log_in, personal
):
    session, there = client.as_(charlie), client.as_(charlie, at=globex)
    give_app(session, charlie)
    refresh, token = log_in(charlie, globex), personal(charlie, acme)["token"]
    assert refresh.get("code") == "otp_required"
    answer = delete(session)
    assert (answer.status_code, answer["Location"]) == (302, "/auth/login/")
    assert [is_in(each) for each in (session, there)] == [False, False]
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert client.at(acme).get("/api/v1/projects/", **bearer).json()["code"] == "invalid_token"
    for account in (acme, globex):
        with tenant_context(account):
            assert not Membership.objects.current().filter(user=charlie).exists()
            assert not ApiToken.objects.valid().exists()
            assert not RefreshFamily.objects.filter(revoked_at=None).exists()
    assert not EmailAddress.objects.filter(user=charlie).exists()
    assert not Authenticator.objects.filter(user=charlie).exists()
    with tenant_context(acme):
        kept = Comment.objects.prefetch_related("author__user").get()
        entry = AuditEntry.objects.filter(action="member.left").get()
    assert (kept.body, kept.author.user.get_full_name()) == ("A word of charlie's", "A former member")
    assert entry.actor_email == "charlie@example.com"  # like the entry of every user who leaves


def test_user_deletion_removes_personal_data(client, acme, charlie):
    delete(client.as_(charlie))
    row = User.objects.filter(pk=charlie.pk).values().get()
    assert row["email"] == f"{charlie.pk}@deleted.invalid"
    assert (row["name"], row["is_active"], row["password"][:1]) == ("", False, "!")
    assert not User.objects.filter(email="charlie@example.com").exists()


def test_address_of_a_deleted_user_is_free_again(client, acme, charlie, post):
    delete(client.as_(charlie))
    post(client.at(None).post, SIGN_UP, {**NEW, "email": "charlie@example.com"})
    assert post.only.subject == "Confirm your address"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"email": "alice@example.com"}, "not your email address"),
        ({"email": ""}, "This field is required"),
        ({"password": "wrong"}, "This is not your password"),
        ({"password": ""}, "This field is required"),
    ],
    ids=str,
)
def test_user_deletion_needs_address_and_password(client, acme, charlie, fields, text):
    session = client.as_(charlie)
    answer = delete(session, **fields)
    assert (answer.status_code, text in answer.content.decode()) == (400, True)
    assert is_in(session)


def test_wrong_passwords_count_towards_the_limit(client, acme, charlie):
    session = client.as_(charlie)
    for _ in range(5):
        delete(session, password="wrong")
    assert "Too many failed login attempts" in delete(session).content.decode()
    assert User.objects.filter(email="charlie@example.com").exists()


def test_last_owner_of_an_account_cannot_delete_their_user(client, acme, globex, mallory):
    with tenant_context(acme):
        Membership.objects.create(user=mallory, role="member")
    session = client.as_(mallory, at=globex)
    answer = delete(session, "mallory@example.com")
    assert answer.status_code == 409
    assert "You are the last owner of Globex." in answer.content.decode()
    assert membership_of(mallory, acme).ended_at is None
    assert is_in(session)


def test_owner_can_delete_their_user_if_another_owner_stays(client, acme, alice):
    second = make_user("second")
    with tenant_context(acme):
        Membership.objects.create(user=second, role="owner")
    assert delete(client.as_(alice), "alice@example.com").status_code == 302


def test_user_can_be_deleted_on_the_public_site(client, acme, charlie):
    client.log_in(charlie)
    assert delete(client)["Location"] == "/auth/login/"
    assert not is_in(client)


@pytest.mark.django_db(transaction=True)
def test_parallel_deletion_of_two_owners_leaves_one(acme, alice, at_once):
    second = make_user("second")
    with tenant_context(acme):
        Membership.objects.create(user=second, role="owner")
    errors = at_once(lambda: delete_user(user=alice), lambda: delete_user(user=second))
    assert [type(error) for error in errors] == [LastOwner]
    with tenant_context(acme):
        assert Membership.objects.current().filter(role="owner").count() == 1


def test_two_users_cannot_have_the_same_address(bob):
    with pytest.raises(IntegrityError):
        User.objects.create_user("BOB@example.com")
