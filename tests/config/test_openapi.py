"""/api/v1/schema/ and docs/: the OpenAPI document is complete and public."""

import json
import re
import unicodedata

import pytest
from django.core.management import call_command

from config.openapi import DOCUMENT
from tests.isolation.routes import routes

SCHEMA, DOCS = "/api/v1/schema/", "/api/v1/docs/"
# All characters that are space in any definition, and two letters.
CONTROLS = [chr(code) for code in range(0xA0) if unicodedata.category(chr(code)) == "Cc"]
SPACES = ["\u0020", "\u00a0", "\u1680", "\u2000", "\u200a", "\u200b", "\u2028", "\u2029", "\u202f", "\u3000", "\ufeff"]
LETTERS = ["x", "\u00e9"]


@pytest.fixture
def document(client, db):
    return client.get(SCHEMA).json()


def test_the_document_is_up_to_date(tmp_path):
    """`make openapi` writes it."""
    made = tmp_path / "openapi.json"
    call_command("spectacular", format="openapi-json", file=str(made), validate=True, fail_on_warn=True)
    assert json.loads(DOCUMENT.read_text()) == json.loads(made.read_text())


def test_every_route_is_in_the_document(document):
    described = {path.replace("{id}", "").replace("{member}", "") for path in document["paths"]}
    known = {"api/v1/", "api/v1/schema/", "api/v1/docs/"}
    for route in routes("config.urls.tenant"):
        if route.pattern.startswith("api/") and route.pattern not in known:
            plain = route.pattern.removesuffix("$").replace("(?P<pk>[^/.]+)", "").replace("(?P<member>[^/.]+)", "")
            assert f"/{plain}" in described, route.pattern


def test_every_operation_has_error_responses(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert {"400", "401", "403", "404", "429", "503"} <= set(operation["responses"]), (method, path)


def test_every_operation_documents_the_redirect_of_a_renamed_account(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["responses"]["308"] == {"$ref": "#/components/responses/Moved"}, (method, path)
    assert "Location" in document["components"]["responses"]["Moved"]["headers"]


def patterns(document):
    """Return every pattern of the document."""
    if isinstance(document, list):
        return {pattern for each in document for pattern in patterns(each)}
    if not isinstance(document, dict):
        return set()
    own = {document["pattern"]} if isinstance(document.get("pattern"), str) else set()
    return own | {pattern for each in document.values() for pattern in patterns(each)}


def test_every_pattern_is_equal_in_python_and_ecmascript(document):
    """`\\s` and its like are other characters in Python than in JavaScript, `.` leaves out other ends of lines."""
    found = patterns(document)
    assert len(found) > 5
    assert [pattern for pattern in found if re.search(r"\\[sSwWdDbBpP]|(?<!\\)\.", pattern)] == []


@pytest.mark.parametrize(
    ("path", "schema", "field", "others"),
    [
        ("verify/", "VerifyRequest", "token", {}),
        ("", "CredentialsRequest", "password", {"email": "absent@example.com"}),
    ],
)
def test_blank_text_is_defined_as_in_the_document(client, acme, document, path, schema, field, others):
    """Every space character alone, for trimmed and untrimmed texts."""
    fits = document["components"]["schemas"][schema]["properties"][field]
    wrong = []
    for text in ["", *CONTROLS, *SPACES, *LETTERS]:
        answer = client.at(acme).json("POST", f"/api/v1/auth/token/{path}", {field: text, **others})
        allowed = re.search(fits["pattern"], text) is not None and len(text) >= fits["minLength"]
        if (answer.status_code == 400) == allowed:
            wrong.append((text, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("url", [SCHEMA, DOCS])
def test_document_is_public_on_every_host(client, acme, url):
    for at in (None, acme):
        answer = client.at(at).get(url)
        assert answer.status_code == 200
    assert client.post(url).status_code == 405


def test_requests_of_the_page_go_to_the_address_of_the_account(client, acme, resolvers):
    """Swagger UI sends them to the first server, resolved against the URL of the document."""
    assert client.at(acme).get(SCHEMA).json()["servers"][0]["url"] == "/"
    resolvers("PathResolver", "HostResolver")
    html = client.get(f"/t/acme{DOCS}").content.decode()
    (url,) = re.findall(r'data-document="([^"]+)"', html)
    (server, *others) = client.get(url).json()["servers"]
    assert server["url"] == "/t/acme/"
    assert others == json.loads(DOCUMENT.read_text())["servers"][1:]
    assert client.get(f"{server['url'].removesuffix('/')}/api/v1/me/").json()["code"] == "not_authenticated"


def test_the_page_loads_nothing_from_elsewhere(client, db):
    html = client.get(DOCS).content.decode()
    assert "swagger-ui-bundle.js" in html
    assert "http://" not in html
    assert "https://" not in html


@pytest.mark.parametrize("is_account", [False, True])
def test_page_explains_how_to_log_in_and_links_back(client, acme, is_account):
    html = client.at(acme if is_account else None).get(DOCS).content.decode()
    assert "POST /api/v1/auth/token/" in html
    assert "Authorize" in html
    (address,) = re.findall(r'<a href="([^"]+)">Back to Commonhold</a>', html)
    assert address.endswith("/")
    assert "/api/" not in address


def test_files_loaded_by_the_page_exist(client, db):
    html = client.get(DOCS).content.decode()
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
    assert len(addresses) == 4
    answers = [client.get(address) for address in addresses]
    assert all(answer.getvalue() for answer in answers)  # read to their ends, which closes the files
    assert [answer.status_code for answer in answers] == [200] * 4
