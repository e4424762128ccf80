"""The entity-relationship diagram of docs/architecture.md, from the models. CONTRIBUTING.md has the command."""

import os
from collections.abc import Iterator

from django.apps import apps
from django.db.models import ForeignKey, Model, OneToOneField

APPS = ("accounts", "projects", "tasks")


def lines() -> Iterator[str]:
    """Yield the lines of a Mermaid diagram: a relation for each foreign key between two models of the product."""
    yield "erDiagram"
    for label in APPS:
        for model in sorted(apps.get_app_config(label).get_models(), key=lambda each: each.__name__):
            yield from _relations(model)


def _relations(model: type[Model]) -> Iterator[str]:
    for field in model._meta.fields:
        target = field.related_model
        if not isinstance(field, ForeignKey) or not isinstance(target, type) or field.name == "account":
            continue
        if target._meta.app_label in APPS:
            left = "|o" if field.null else "||"
            right = "o|" if isinstance(field, OneToOneField) else "o{"
            yield f"    {target.__name__} {left}--{right} {model.__name__} : {field.name}"


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print("\n".join(lines()))  # noqa: T201  # a program that prints
