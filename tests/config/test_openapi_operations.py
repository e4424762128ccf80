"""Every operation of the OpenAPI document is complete: texts, examples that validate, headers, required fields."""

import inspect
import json
import re
from collections import Counter
from datetime import datetime

import pytest
from django_filters import FilterSet
from jsonschema import Draft202012Validator, FormatChecker
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from config.openapi import DOCUMENT
from config.openapi_descriptions import EVERYWHERE, IN_SCHEMA, SAME
from config.openapi_responses import HEADERS, RATE_LIMIT
from config.openapi_settings import TAGS
from tests.isolation.routes import routes

SCHEMA = json.loads(DOCUMENT.read_text())
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
]
FORMATS = FormatChecker()
FORMATS.checks("date-time", ValueError)(lambda value: not isinstance(value, str) or datetime.fromisoformat(value))


def missing(part):
    """Return the names of the operations for which `part(operation)` is not true."""
    return [name for name, operation in OPERATIONS if not part(operation)]


def is_binary(media):
    return media["schema"].get("format") == "binary"


def examples(contents):
    """Yield (name, schema, example or None) of each body that has a text form."""
    for name, content in contents:
        for media_type, media in content.items():
            if not is_binary(media):
                yield f"{name} {media_type}", media["schema"], media.get("example")


def bodies():
    return examples(
        (name, operation["requestBody"]["content"]) for name, operation in OPERATIONS if "requestBody" in operation
    )


def responses():
    return examples(
        (f"{name} {status}", response["content"])
        for name, operation in OPERATIONS
        for status, response in operation["responses"].items()
        if "content" in response
    )


def problems(schema, example):
    """Return the messages of jsonschema. The schema refers to components of the document."""
    whole = {**schema, "components": SCHEMA["components"]}
    return [error.message for error in Draft202012Validator(whole, format_checker=FORMATS).iter_errors(example)]


# Texts --------------------------------------------------------------------------------------------------------------


def test_every_operation_has_a_summary():
    assert missing(lambda operation: re.fullmatch(r"[A-Z][\w ]*\w", operation.get("summary", ""))) == []


def test_every_operation_has_a_description():
    assert missing(lambda operation: re.match(r"[A-Z].{10,}\.", operation.get("description", ""))) == []


def test_every_operation_has_its_own_camel_case_id():
    assert (
        missing(lambda operation: re.fullmatch(r"[a-z]+([A-Z][a-z]+)+|logIn|logOut", operation["operationId"])) == []
    )
    assert [name for name, count in Counter(each["operationId"] for _, each in OPERATIONS).items() if count > 1] == []


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("GET /api/v1/tasks/", "listTasks"),
        ("POST /api/v1/tasks/{id}/complete/", "completeTask"),
        ("POST /api/v1/projects/", "createProject"),
        ("DELETE /api/v1/labels/{id}/", "deleteLabel"),
    ],
)
def test_operation_id_is_a_verb_and_a_noun(operation, name):
    assert dict(OPERATIONS)[operation]["operationId"] == name


def test_description_names_the_allowed_roles():
    operations = dict(OPERATIONS)
    assert operations["POST /api/v1/labels/"]["description"].endswith("Allowed roles: `owner`, `admin`, `member`.")
    assert operations["DELETE /api/v1/account/"]["description"].endswith("Allowed roles: `owner`.")
    assert "roles" not in operations["POST /api/v1/members/leave/"]["description"]


def test_every_tag_is_described_and_used():
    described = {tag["name"]: tag["description"] for tag in SCHEMA["tags"]}
    used = {tag for _, operation in OPERATIONS for tag in operation["tags"]}
    assert described == TAGS
    assert set(described) == used
    assert all(text.endswith(".") for text in described.values())


def test_every_response_is_described():
    assert (
        missing(
            lambda operation: all(
                each.get("description") or "$ref" in each for each in operation["responses"].values()
            )
        )
        == []
    )


def test_every_parameter_is_described():
    parameters = [(name, each) for name, operation in OPERATIONS for each in operation.get("parameters", ())]
    assert len(parameters) > 100
    assert [(name, each["name"]) for name, each in parameters if len(each.get("description", "")) < 10] == []


def texts(value):
    """Yield every text of the document but those of examples."""
    if isinstance(value, str):
        yield " ".join(value.split())
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in ("example", "examples"):
                yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def docstrings():
    """Yield the docstrings of our views, serializers and filters, of their methods, and of their base classes."""
    views = {route.api_view for route in routes("config.urls.tenant") if route.api_view}
    classes = set(views)
    for base in (APIView, BaseSerializer, FilterSet):
        classes |= descendants(base)
    for parent in {parent for each in classes for parent in each.__mro__ if parent is not object}:
        for each in (parent, *vars(parent).values()):
            described = inspect.isclass(each) or inspect.isroutine(each) or isinstance(each, property)
            if described and each.__doc__:
                yield " ".join(each.__doc__.partition("\n\n")[0].split())


def descendants(cls):
    return {each for child in cls.__subclasses__() for each in (child, *descendants(child))}


def test_no_docstring_is_in_the_document():
    found = set(docstrings())
    assert len(found) > 100
    document = set(texts(SCHEMA))
    assert [each for each in found if len(each) > 12 and any(each in text for text in document)] == []


# Examples -----------------------------------------------------------------------------------------------------------


def test_every_body_has_an_example_that_validates():
    found = {
        name: ["no example"] if example is None else problems(schema, example) for name, schema, example in bodies()
    }
    assert len(found) > 25
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_every_response_has_an_example_that_validates():
    found = {
        name: ["no example"] if example is None else problems(schema, example) for name, schema, example in responses()
    }
    assert len(found) > 60
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_every_shared_error_has_an_example_that_validates():
    shared = ((name, response.get("content", {})) for name, response in SCHEMA["components"]["responses"].items())
    found = {name: problems(schema, example) for name, schema, example in examples(shared)}
    assert len(found) > 10
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_an_example_with_a_missing_field_an_unknown_field_or_a_wrong_format_does_not_validate():
    schema = {"$ref": "#/components/schemas/Label"}
    (label,) = (example for name, schema, example in responses() if name.startswith("GET /api/v1/labels/{id}/ 200"))
    assert problems(schema, label) == []
    assert problems(schema, {**label, "id": "7"})
    assert problems(schema, {"id": label["id"], "name": "Bug"})
    assert problems({"$ref": "#/components/schemas/LabelRequest"}, {"name": "Bug", "colour": "red"})


# Schemas ------------------------------------------------------------------------------------------------------------


def reachable(value, seen):
    """Add the names of all component schemas that `value` refers to."""
    if isinstance(value, dict):
        if str(value.get("$ref", "")).startswith("#/components/schemas/"):
            name = value["$ref"].rpartition("/")[2]
            if name not in seen:
                seen.add(name)
                reachable(SCHEMA["components"]["schemas"][name], seen)
        for each in value.values():
            reachable(each, seen)
    elif isinstance(value, list):
        for each in value:
            reachable(each, seen)
    return seen


def test_every_field_of_a_response_is_required():
    shown = reachable([operation["responses"] for _, operation in OPERATIONS], set())
    schemas = {name: SCHEMA["components"]["schemas"][name] for name in shown}
    found = {name: schema for name, schema in schemas.items() if schema.get("properties")}
    assert len(found) > 30
    assert [
        name for name, schema in found.items() if set(schema["properties"]) != set(schema.get("required", ()))
    ] == []


# Names that say everything: of an id, a time in UTC, and the text that a row is known by.
SELF_EXPLAINING = {"id", "created_at", "updated_at", "name", "title", "email"}


def test_every_field_is_described_unless_its_name_says_everything():
    found = {
        f"{name}.{field}"
        for name, schema in SCHEMA["components"]["schemas"].items()
        for field, shape in schema.get("properties", {}).items()
        if field not in SELF_EXPLAINING and not shape.get("description")
    }
    how = "Set `help_text` at the field of the serializer or model, or add it to config/openapi_descriptions.py."
    assert not found, f"{', '.join(sorted(found))}: {how}"


def test_every_description_of_a_field_is_used():
    used = {
        (name, field, shape.get("description"))
        for name, schema in SCHEMA["components"]["schemas"].items()
        for field, shape in schema.get("properties", {}).items()
    }
    texts = {(field, text) for _name, field, text in used}
    assert {field for field, text in EVERYWHERE.items() if (field, text) not in texts} == set()
    for schema, fields in IN_SCHEMA.items():
        names = {f"{start}{schema}{end}" for start in ("", "Patched") for end in ("", "Request")}
        names |= {other for other, same in SAME.items() if same == schema}
        shown = {(field, text) for name, field, text in used if name in names}
        assert set(fields.items()) <= shown, schema


def test_first_server_is_the_address_of_the_document():
    assert SCHEMA["servers"][0]["url"] == "/"
    assert all(server["description"] for server in SCHEMA["servers"])


# Headers ------------------------------------------------------------------------------------------------------------


def headers(response):
    if "$ref" in response:
        response = SCHEMA["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return set(response.get("headers", {}))


def test_every_header_is_described_and_used():
    used = {name for _, each in OPERATIONS for response in each["responses"].values() for name in headers(response)}
    assert used == set(HEADERS) == set(SCHEMA["components"]["headers"])
    assert all(each["description"] for each in SCHEMA["components"]["headers"].values())


def test_every_success_of_a_member_has_the_rate_limit():
    for name, operation in OPERATIONS:
        for status in set(operation["responses"]) & {"200", "201", "202", "204", "206", "302", "304"}:
            has_limit = set(RATE_LIMIT) <= headers(operation["responses"][status])
            assert has_limit == ("security" in operation), (name, status)


def test_every_throttled_or_unavailable_response_has_retry_after():
    for name, operation in OPERATIONS:
        for status in ("429", "503"):
            assert "Retry-After" in headers(operation["responses"][status]), (name, status)
