"""/api/v1/schema/ and docs/: the document says what there is, and everybody can read it."""

import json
import re

import pytest
from django.core.management import call_command

from config.openapi import DOCUMENT
from tests.isolation.routes import routes

SCHEMA, DOCS = "/api/v1/schema/", "/api/v1/docs/"


@pytest.fixture
def document(client, db):
    return client.get(SCHEMA).json()


def test_the_document_is_up_to_date(tmp_path):
    """`make openapi` writes it."""
    made = tmp_path / "openapi.json"
    call_command("spectacular", format="openapi-json", file=str(made), validate=True, fail_on_warn=True)
    assert json.loads(DOCUMENT.read_text()) == json.loads(made.read_text())


def test_every_route_is_in_it(document):
    described = {path.replace("{id}", "").replace("{member}", "") for path in document["paths"]}
    known = {"api/v1/", "api/v1/schema/", "api/v1/docs/"}
    for route in routes("config.urls.tenant"):
        if route.pattern.startswith("api/") and route.pattern not in known:
            plain = route.pattern.removesuffix("$").replace("(?P<pk>[^/.]+)", "").replace("(?P<member>[^/.]+)", "")
            assert f"/{plain}" in described, route.pattern


def test_every_operation_says_how_it_fails(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert {"400", "401", "403", "404", "429", "503"} <= set(operation["responses"]), (method, path)


@pytest.mark.parametrize("url", [SCHEMA, DOCS])
def test_everybody_reads_it_on_every_host(client, acme, url):
    for at in (None, acme):
        answer = client.at(at).get(url)
        assert answer.status_code == 200
    assert client.post(url).status_code == 405


def test_the_page_loads_nothing_from_elsewhere(client, db):
    html = client.get(DOCS).content.decode()
    assert "swagger-ui-bundle.js" in html
    assert "http://" not in html
    assert "https://" not in html


def test_everything_that_the_page_loads_is_there(client, db):
    html = client.get(DOCS).content.decode()
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
    assert len(addresses) == 4
    assert [address for address in addresses if client.get(address).status_code != 200] == []
