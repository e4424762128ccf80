"""docs/api.md lists every path, field, parameter and code of the OpenAPI document."""

import json
import re
from pathlib import Path

import pytest

from config.openapi import DOCUMENT
from config.openapi_responses import ERRORS

PAGE = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
SCHEMA = json.loads(DOCUMENT.read_text())
PATHS = {path.removeprefix("/api/v1/"): operations for path, operations in SCHEMA["paths"].items()}
PAGING = {"cursor", "page_size"}


def is_resource(path):
    """Return whether a path returns rows; a file of rows has no fields."""
    found = PATHS[path].get("get", {"responses": {}})["responses"].get("200", {})
    return "{" not in path and "application/json" in found.get("content", {})


RESOURCES = sorted(filter(is_resource, PATHS))


def words(text):
    return [word for word in text.strip().split(", ") if word]


def row(resource):
    """Return fields, needed fields and parameters of a resource, as its row of the page has them."""
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{resource}` |"))
    return [words(cell) for cell in line.strip("|").split("|")[1:]]


def component(media):
    """Return the schema of a body; for a page of a list, the schema of its rows."""
    schema = media["content"]["application/json"]["schema"]
    while "$ref" in schema or "results" in schema["properties"]:
        if "$ref" in schema:
            schema = SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        else:
            schema = schema["properties"]["results"]["items"]
    return schema


@pytest.mark.parametrize("resource", RESOURCES)
def test_row_of_a_resource_matches_the_routes(resource):
    operations = PATHS[resource]
    fields, needed, parameters = row(resource)
    assert fields == list(component(operations["get"]["responses"]["200"])["properties"])
    required = component(operations["post"]["requestBody"])["required"] if "post" in operations else []
    assert sorted(needed) == sorted(required)
    known = {each["name"] for each in operations["get"].get("parameters", ()) if each["in"] == "query"}
    assert set(parameters) == known - PAGING


@pytest.mark.parametrize("resource", RESOURCES)
def test_methods_of_a_resource_are_right(resource):
    def methods_of(path):
        return {name.upper() for name in PATHS.get(path, {}) if name in ("get", "post", "put", "patch", "delete")}

    rows = (line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| (?:list: )?`GET`[,;: ]", line))
    (methods,) = (cells[0] for cells in rows if f"`{resource}`" in cells[1])
    of_list, _, of_row = methods.partition("row:")
    assert set(re.findall(r"[A-Z]+", of_list)) == methods_of(resource)
    assert set(re.findall(r"[A-Z]+", of_row)) == methods_of(f"{resource}{{id}}/")


def test_every_other_path_is_on_the_page():
    for path in set(PATHS) - set(RESOURCES):
        if path.removesuffix("{id}/") not in RESOURCES:
            shown = path.replace("{", "<").replace("}", ">")
            assert re.search(rf"`(?:GET |POST |DELETE )?{re.escape(shown)}`", PAGE), path


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_parameter_is_explained(resource):
    _fields, _needed, parameters = row(resource)
    for name in parameters:
        assert re.search(rf"`{name}(?:`|=)", PAGE), name


def test_every_ordering_is_on_the_page():
    (ordering,) = (each for each in PATHS["tasks/"]["get"]["parameters"] if each["name"] == "ordering")
    for name in ordering["schema"]["enum"]:
        assert f"`{name.removeprefix('-')}`" in PAGE


def test_every_error_is_on_the_page():
    table = PAGE[PAGE.index("## Errors") :]
    for status, failure in ERRORS.items():
        assert re.search(rf"^\| [\d, ]*{status}", table, re.MULTILINE), status
        for code in re.findall(r"`([a-z_]+)`", failure.codes):
            assert f"`{code}`" in table, code
