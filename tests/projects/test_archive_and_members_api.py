"""/api/v1/projects/<id>/archive/, restore/ and members/"""

from uuid import uuid4

import pytest

from tenancy.context import tenant_context
from tenancy.testing import membership_of

URL = "/api/v1/projects/"


def member_id(user, account):
    with tenant_context(account):
        return str(membership_of(user, account).pk)


# Archive -----------------------------------------------------------------------------------------------------------


def test_an_archived_project_leaves_the_lists_with_its_tasks(client, admin, project, task):
    session = client.as_(admin)
    archived = session.json("POST", f"{URL}{project.pk}/archive/")
    assert (archived.status_code, archived.json()["archived_at"] is None) == (200, False)
    for url in (URL, "/api/v1/tasks/"):
        assert session.get(url).json()["results"] == []
        assert len(session.get(url, {"archived": "true"}).json()["results"]) == 1
    assert session.json("POST", f"{URL}{project.pk}/restore/").json()["archived_at"] is None
    assert len(session.get(URL).json()["results"]) == 1


def test_archiving_or_restoring_twice_is_a_conflict(client, admin, project):
    session = client.as_(admin)
    assert session.json("POST", f"{URL}{project.pk}/restore/").json()["code"] == "conflict"
    assert session.json("POST", f"{URL}{project.pk}/archive/").status_code == 200
    assert session.json("POST", f"{URL}{project.pk}/archive/").status_code == 409


@pytest.mark.parametrize("verb", ["archive", "restore"])
def test_only_admins_archive_projects(client, bob, vera, project, verb):
    for person in (bob, vera):
        assert client.as_(person).json("POST", f"{URL}{project.pk}/{verb}/").status_code == 403


# Members -----------------------------------------------------------------------------------------------------------


def test_added_member_sees_the_project(client, acme, alice, bob, secret_project):
    url, his = f"{URL}{secret_project.pk}/members/", member_id(bob, acme)
    assert client.as_(bob).get(url).status_code == 404
    for _ in range(2):
        added = client.as_(alice).json("POST", url, {"member": his})
        assert (added.status_code, added.json()) == (201, {"member": his})
    assert client.as_(bob).get(url).json() == {"results": [{"member": member_id(alice, acme)}, {"member": his}]}


def test_removed_member_does_not_see_the_project(client, acme, alice, bob, secret_project):
    url, his = f"{URL}{secret_project.pk}/members/", member_id(bob, acme)
    client.as_(alice).json("POST", url, {"member": his})
    assert client.as_(alice).delete(f"{url}{his}/").status_code == 204
    assert client.as_(bob).get(f"{URL}{secret_project.pk}/").status_code == 404
    assert client.as_(alice).delete(f"{url}{his}/").status_code == 404


def test_members_can_leave_a_project_except_the_last(client, acme, alice, bob, secret_project):
    url, his = f"{URL}{secret_project.pk}/members/", member_id(bob, acme)
    client.as_(alice).json("POST", url, {"member": his})
    assert client.as_(bob).delete(f"{url}{his}/").status_code == 204
    last = client.as_(alice).delete(f"{url}{member_id(alice, acme)}/")
    assert (last.status_code, last.json()["code"]) == (409, "conflict")


def test_former_member_does_not_count_as_the_last_project_member(client, acme, alice, bob, secret_project):
    url, his = f"{URL}{secret_project.pk}/members/", member_id(bob, acme)
    client.as_(alice).json("POST", url, {"member": his})
    with tenant_context(acme):
        former = membership_of(bob, acme)
        former.ended_at = former.joined_at
        former.save()
    last = client.as_(alice).delete(f"{url}{member_id(alice, acme)}/")
    assert (last.status_code, last.json()["code"]) == (409, "conflict")
    assert client.as_(alice).delete(f"{url}{his}/").status_code == 204


def test_non_member_of_the_project_cannot_change_its_members(client, acme, bob, vera, project):
    url = f"{URL}{project.pk}/members/"
    assert client.as_(bob).json("POST", url, {"member": member_id(bob, acme)}).status_code == 403
    assert client.as_(vera).json("POST", url, {"member": member_id(vera, acme)}).status_code == 403


@pytest.mark.parametrize("name", ["x", "01a1fc96-9d5f-7574-a733-1dc7f5e1bdb0"])
def test_an_absent_member_is_404(client, alice, secret_project, name):
    assert client.as_(alice).delete(f"{URL}{secret_project.pk}/members/{name}/").status_code == 404


def test_foreign_member_answers_like_an_absent_one(client, globex, alice, mallory, secret_project):
    session, url, hers = client.as_(alice), f"{URL}{secret_project.pk}/members/", member_id(mallory, globex)
    answers = [session.json("POST", url, {"member": each}) for each in (hers, uuid4())]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content
    answers = [session.delete(f"{url}{each}/") for each in (hers, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
