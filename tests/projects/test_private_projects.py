"""/api/v1/projects/: visibility of private projects, and permission to make them private"""

from uuid import uuid4

import pytest

from projects.models import Project, ProjectMember
from tenancy.context import tenant_context
from tenancy.testing import join, membership_of

URL = "/api/v1/projects/"


def names(response):
    return [row["name"] for row in response.json()["results"]]


def test_owners_and_admins_see_private_projects(client, alice, admin, secret_project):
    for person in (alice, admin):
        assert names(client.as_(person).get(URL)) == ["Secret"]
        assert client.as_(person).get(f"{URL}{secret_project.pk}/").status_code == 200


@pytest.mark.parametrize("name", ["bob", "vera"])
def test_private_project_answers_like_an_absent_one_for_others(client, request, secret_project, name):
    person = request.getfixturevalue(name)
    assert names(client.as_(person).get(URL)) == []
    hidden = client.as_(person).get(f"{URL}{secret_project.pk}/")
    absent = client.as_(person).get(f"{URL}{uuid4()}/")
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    assert hidden.status_code == 404


def test_private_project_cannot_be_changed_by_others(client, acme, bob, secret_project):
    hidden = client.as_(bob).json("PATCH", f"{URL}{secret_project.pk}/", {"private": False})
    absent = client.as_(bob).json("PATCH", f"{URL}{uuid4()}/", {"private": False})
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    assert hidden.status_code == 404
    with tenant_context(acme):
        assert Project.objects.get().private


@pytest.fixture
def let_in(acme, secret_project):
    def let_in(person):
        with tenant_context(acme):
            ProjectMember.objects.create(project=secret_project, member=membership_of(person, acme))

    return let_in


def test_members_of_a_private_project_see_and_edit_it(client, bob, secret_project, let_in):
    let_in(bob)
    assert names(client.as_(bob).get(URL)) == ["Secret"]
    assert client.as_(bob).json("PATCH", f"{URL}{secret_project.pk}/", {"name": "Open secret"}).status_code == 200


def test_member_of_a_private_project_can_make_it_public(client, bob, vera, secret_project, let_in):
    let_in(bob)
    assert client.as_(bob).json("PATCH", f"{URL}{secret_project.pk}/", {"private": False}).status_code == 200
    assert names(client.as_(vera).get(URL)) == ["Secret"]


def test_viewer_in_a_private_project_can_read_and_not_write(client, vera, secret_project, let_in):
    let_in(vera)
    assert names(client.as_(vera).get(URL)) == ["Secret"]
    assert client.as_(vera).json("PATCH", f"{URL}{secret_project.pk}/", {"private": False}).status_code == 403


def test_creator_makes_a_project_private(client, bob, vera):
    created = client.as_(bob).json("POST", URL, {"name": "Website"}).json()
    response = client.as_(bob).json("PATCH", f"{URL}{created['id']}/", {"private": True})
    assert (response.status_code, response.json()["private"]) == (200, True)
    assert names(client.as_(vera).get(URL)) == []


def test_admin_makes_any_project_private(client, admin, bob, project):
    assert client.as_(admin).json("PATCH", f"{URL}{project.pk}/", {"private": True}).status_code == 200
    assert names(client.as_(bob).get(URL)) == []


def test_member_who_is_not_the_creator_cannot_make_a_project_private(client, acme, bob, project):
    response = client.as_(bob).json("PATCH", f"{URL}{project.pk}/", {"private": True, "name": "Mine"})
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert "admins" in response.json()["detail"]  # it says who may
    with tenant_context(acme):
        assert (Project.objects.get().private, Project.objects.get().name) == (False, "Website")


def test_member_may_send_the_unchanged_private_field(client, bob, project):
    assert client.as_(bob).json("PATCH", f"{URL}{project.pk}/", {"private": False}).status_code == 200


def test_a_promotion_opens_private_projects_at_once(client, acme, bob, secret_project):
    session = client.as_(bob)
    assert names(session.get(URL)) == []
    with tenant_context(acme):
        membership = membership_of(bob, acme)
        membership.role = "admin"
        membership.save()
    assert names(session.get(URL)) == ["Secret"]


def test_member_of_another_project_has_no_access(client, acme, globex, charlie, mallory, secret_project):
    join(mallory, acme, "member")
    assert names(client.as_(mallory, at=acme).get(URL)) == []
