"""An account in the variant `roadmap`, an admin, and a reader of pages."""

from html.parser import HTMLParser

import pytest

from accounts.models import Account
from tenancy.context import tenant_context
from tenancy.testing import join, make_user, membership_of


class Page(HTMLParser):
    """What the tests look for in the HTML of a response."""

    VOID = {"meta", "link", "input", "img", "br", "hr", "path", "rect", "circle"}

    def __init__(self, response):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.labels, self.unnamed = "", 0, []
        self.feed(response.content.decode())
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.labels += tag == "label"
        if tag == "input" and not self.labels and dict(attrs).get("type") != "hidden":
            self.unnamed.append(dict(attrs))  # no label around it

    def handle_endtag(self, tag):
        self.labels -= tag == "label"

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_data(self, data):
        self.text += f" {data}"

    def all(self, tag, **wanted):
        """Return the attributes of every `tag` that has all of `wanted`."""
        return [attrs for name, attrs in self.tags if name == tag and wanted.items() <= attrs.items()]

    @property
    def links(self):
        return [attrs["href"] for attrs in self.all("a") if "href" in attrs]

    def value(self, name):
        """What an input of this name has in it."""
        return next(attrs for attrs in self.all("input", name=name)).get("value", "")

    @property
    def forms(self):
        """The addresses that forms of the page post to, without the one to log out."""
        return [form["action"] for form in self.all("form", method="post") if form["action"] != "/auth/logout/"]


@pytest.fixture
def page():
    return Page


@pytest.fixture
def admin(acme):
    """Ada, an admin of acme."""
    user = make_user("ada")
    join(user, acme, "admin")
    return user


@pytest.fixture
def initech(db):
    """An account in the variant `roadmap`."""
    return Account.objects.create(slug="initech", name="Initech", variant="roadmap")


@pytest.fixture
def ines(initech):
    """The owner of initech."""
    user = make_user("ines")
    join(user, initech, "owner")
    return user


@pytest.fixture
def changed(acme):
    """Change a row of acme behind the actions' back: `changed(task, archived_at=…)`."""

    def change(row, **fields):
        with tenant_context(acme):
            for name, value in fields.items():
                setattr(row, name, value)
            row.save()
        return row

    return change


@pytest.fixture
def as_member(acme):
    """Call an action in acme in the name of a user: `as_member(alice, create_task, project=project, title="x")`."""

    def call(user, action, **arguments):
        with tenant_context(acme):
            return action(actor=membership_of(user, acme), **arguments)

    return call
