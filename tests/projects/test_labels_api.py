"""/api/v1/labels/"""

import pytest

URL = "/api/v1/labels/"


def test_a_label_has_the_fields_of_the_contract(client, vera, label):
    response = client.as_(vera).get(f"{URL}{label.pk}/")
    assert response.json() == {"id": str(label.pk), "name": "Bug", "color": "grey"}


def test_labels_are_listed_by_name(client, bob, label):
    for name in ("Zebra", "Apple"):
        assert client.as_(bob).json("POST", URL, {"name": name}).status_code == 201
    assert [row["name"] for row in client.as_(bob).get(URL).json()["results"]] == ["Apple", "Bug", "Zebra"]


@pytest.mark.parametrize("body", [{"name": "bug"}, {"name": ""}, {}, {"name": "x", "color": "beige"}])
def test_invalid_fields_are_refused(client, bob, label, body):
    response = client.as_(bob).json("POST", URL, body)
    assert (response.status_code, len(response.json()["errors"])) == (400, 1)


def test_label_is_changed(client, bob, label):
    response = client.as_(bob).json("PATCH", f"{URL}{label.pk}/", {"name": "Defect", "color": "red"})
    assert (response.status_code, response.json()["name"], response.json()["color"]) == (200, "Defect", "red")


def test_deleted_label_is_removed_from_tasks(client, bob, task, label):
    session = client.as_(bob)
    session.json("PATCH", f"/api/v1/tasks/{task.pk}/", {"labels": [label.pk]})
    assert session.delete(f"{URL}{label.pk}/").status_code == 204
    assert session.get(f"/api/v1/tasks/{task.pk}/").json()["labels"] == []


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_viewer_can_read_and_not_write(client, vera, label, method):
    url = URL if method == "POST" else f"{URL}{label.pk}/"
    assert client.as_(vera).json(method, url, {"name": "x"}).status_code == 403
