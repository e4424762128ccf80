"""Hooks of Schemathesis for this API. `schemathesis.toml` names this file."""

import re

import schemathesis

# Values whose validity depends on the database, the time or a signature, and not on their form.
BEYOND_FORM = {
    *("account", "after", "assignees", "before", "comment", "cursor", "email", "expires_at", "id", "key", "labels"),
    *("member", "name", "non_field_errors", "project", "rank", "role", "status", "task", "tasks", "version"),
    # Headers whose form the document defines: at limits Schemathesis sends `0` as an entity tag.
    *("If-Match", "If-None-Match"),
    "content_type",  # with or without parameters
    "format",  # of an export: which ones there are depends on whether it is one of a project
    "picture",  # whether bytes are one
    "slug",  # whether it is free
    "time_zone",  # their names are those that the server's machine knows
}


INVISIBLE = "Must contain a visible character."


@schemathesis.check
def refusals_are_documented(ctx, response, case):
    """A request that matches the document gets 400 only for fields whose values the document cannot describe.

    `positive_data_acceptance`, which this stands in for, knows no such fields: made-up ids and cursors would fail it.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    errors = response.json()["errors"]
    # Schemathesis adds fields to multipart bodies that the document does not allow.
    if case.media_type == "multipart/form-data" and ["Unknown field."] in errors.values():
        return
    # Which signs show nothing is more than a pattern can say.
    fields = {name.rpartition(".")[2] for name, texts in errors.items() if texts != [INVISIBLE]}
    if not fields and errors:
        return
    assert fields, f"Refused without a field: {response.text}"
    assert fields <= BEYOND_FORM, f"The document allows {sorted(fields - BEYOND_FORM)}: {response.text}"


@schemathesis.hook
def map_body(ctx, body):
    """Keep the slug of the account: with another slug the account has another host, and this one redirects."""
    if isinstance(body, dict) and re.fullmatch(r"[a-z0-9-]+", str(body.get("slug"))):
        return {name: value for name, value in body.items() if name != "slug"}
    return body
