"""Names are sorted without case and accents, in the same order on pages and in the API, over all pages."""

import pytest

from projects.models import Label
from tasks.actions.subtasks import create_subtask
from tasks.actions.tasks import create_task
from tasks.models import Subtask
from tenancy.context import tenant_context
from tenancy.testing import membership_of

# In code points: Apfel, Zebra, apfel, banana, zebra, Äpfel, Écran, écran, Ünal, 北京 …
NAMES = ["zebra", "Äpfel", "banana", "Apfel", "Écran", "apfel", "ecran", "Zebra", "Ünal", "écran", "北京", "Ωmega"]
EXPECTED = ["apfel"] * 3 + ["banana"] + ["ecran"] * 3 + ["unal", "zebra", "zebra", "ωmega", "北京"]


def plain(names):
    table = str.maketrans("äéüÄÉÜΩ", "aeuAEUω")
    return [name.translate(table).lower() for name in names]


def walk(session, url, field, backwards=False):
    """Return all rows of a list, a few at a time, by `next`, or from the last page on by `previous`."""
    found, link = [], url
    while link:
        page = session.get(link).json()
        found.append([(row[field], row["id"]) for row in page["results"]])
        last, link = link, page["next"]
    if not backwards:
        return [row for page in found for row in page]
    back, link = [], session.get(last).json()["previous"]
    while link:
        page = session.get(link).json()
        back.insert(0, [(row[field], row["id"]) for row in page["results"]])
        link = page["previous"]
    return [row for page in [*back, found[-1]] for row in page]


@pytest.fixture
def labels(acme):
    """Labels whose names differ, case and accents aside, in a number behind them, or not at all."""
    with tenant_context(acme):
        return [Label.objects.create(name=f"{name}{'·' * place}") for place, name in enumerate(NAMES)]


@pytest.fixture
def titled(acme, alice, project):
    with tenant_context(acme):
        actor = membership_of(alice, acme)
        first, *_ = [create_task(actor=actor, project=project, title=name) for name in NAMES]
        for name in NAMES:
            create_subtask(actor=actor, task=first, title=name)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_tasks_by_title_are_alike_on_pages_and_in_the_api(client, bob, titled, size):
    session = client.as_(bob)
    url = f"/api/v1/tasks/?ordering=title&page_size={size}"
    rows = walk(session, url, "title")
    assert plain(title for title, _id in rows) == EXPECTED
    assert len({pk for _title, pk in rows}) == len(NAMES)
    assert walk(session, url, "title", backwards=True) == rows
    assert walk(session, url.replace("=title", "=-title"), "title") == rows[::-1]
    shown = session.get("/projects/WEB/?view=list&sort=title&group=none").context["listing"]
    assert [str(task.pk) for group in shown.groups for task in group.tasks] == [pk for _title, pk in rows]


def test_subtasks_of_all_pages_are_sorted(client, bob, titled):
    pages = [client.as_(bob).get("/subtasks/", {"page": number}).context["rows"] for number in (1, 2)]
    assert plain(row.title for rows in pages for row in rows) == EXPECTED


def test_labels_are_alike_on_pages_and_in_the_api(client, acme, bob, labels):
    session = client.as_(bob)
    rows = walk(session, "/api/v1/labels/?page_size=2", "name")
    assert plain(name.rstrip("·") for name, _id in rows) == EXPECTED
    assert [str(label.pk) for label in session.get("/settings/labels/").context["labels"]] == [pk for _, pk in rows]
    with tenant_context(acme):
        assert [str(label.pk) for label in Label.objects.all()] == [pk for _name, pk in rows]


def test_changed_name_is_sorted_again(client, acme, bob, task, labels):
    session = client.as_(bob)
    pk = labels[0].pk
    assert session.json("PATCH", f"/api/v1/labels/{pk}/", {"name": "Ächz"}).status_code == 200
    assert walk(session, "/api/v1/labels/?page_size=5", "name")[0] == ("Ächz", str(pk))


def test_a_name_whose_key_is_longer_than_an_entry_of_an_index_is_kept(acme, task):
    with tenant_context(acme):
        for title in ("\ufdfa" * 500, "𝔘" * 500, "請" * 500):
            row = Subtask.objects.create(task=task, title=title, rank="a")
            assert len(row.title_key) <= 500
        assert Subtask.objects.filter(search_text__contains=" 請  請").count() == 1
