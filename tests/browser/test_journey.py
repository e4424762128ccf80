"""The first days of an account in a real browser: invite, accept, work, remove"""

import re
from itertools import product

import pytest
from playwright.sync_api import expect

from accounts.models import Membership
from tenancy.context import tenant_context
from tests.accounts.invitations import post
from tests.browser.users import FITS, here
from tests.projects.offices import make_project

pytestmark = pytest.mark.needs_program("browser")


def link_of_mail(office):
    """Have the mail sent as a worker would, and return the link in it."""
    (message,) = post()
    return here(office, re.search(r"^http://\S+/invitations/\S+$", message.body, re.MULTILINE)[0])


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_invited_member_works_and_is_removed(browser, javascript):
    office = browser.office
    make_project(office, name="Website", key="WEB")
    owner = browser.as_("owner", javascript=javascript)
    owner.goto("/settings/members/")
    owner.get_by_label("Email").fill("nina@example.com")
    owner.get_by_label("Role", exact=True).select_option("member")
    owner.get_by_role("button", name="Invite").click()
    expect(owner.get_by_text("The invitation was sent to nina@example.com.")).to_be_visible()

    nina = browser.anonymous(javascript=javascript, width=390)
    nina.goto(link_of_mail(office))
    nina.get_by_label("Your name").fill("Nina")
    nina.get_by_label("Choose a password").fill("a long sentence of hers")
    nina.get_by_role("button", name="Accept").click()
    nina.get_by_role("main").get_by_role("link", name="Website").click()
    expect(nina).to_have_url(re.compile("/projects/WEB/"))

    owner.goto("/settings/members/")
    owner.get_by_role("link", name="Remove Nina").click()
    owner.get_by_label("Type “Nina” to confirm").fill("Bob")
    owner.get_by_role("button", name="Remove from the account").click()
    expect(owner.get_by_text("This is not the name.")).to_be_visible()
    owner.get_by_label("Type “Nina” to confirm").fill("Nina")
    owner.get_by_role("button", name="Remove from the account").click()
    expect(owner.get_by_text("Nina is no longer a member.")).to_be_visible()
    with tenant_context(office.tenant):
        assert Membership.objects.current().count() == 4

    browser.expect("status of 400")  # of the wrong name
    nina.goto("/inbox/")
    expect(nina.get_by_role("button", name="Log in")).to_be_visible()


@pytest.mark.parametrize("path", ["", "members/", "plan/", "audit/", "danger/", "members/transfer/"])
def test_the_pages_fit_and_keep_their_policy(browser, path):
    page = browser.as_("owner")
    for width, scheme in product([390, 1280], ["light", "dark"]):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(f"/settings/{path}")
        expect(page.get_by_role("heading", name="Settings")).to_be_visible()
        assert page.evaluate(FITS), f"At {width} px the page scrolls sideways."
