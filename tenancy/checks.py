"""System checks against data leaks, and the check of the privileges of a process at its start."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.models import DO_NOTHING, ForeignKey, Model, OneToOneField, UniqueConstraint
from django.db.models.expressions import F

from tenancy.constraints import TenantPrimaryKey, TenantRowSecurity
from tenancy.fields import TenantForeignKey, TenantKey
from tenancy.models import Anchor, TenantManager, is_tenant_owned
from tenancy.planes import is_placed
from tenancy.roles import OWNER, role_name

# Minor versions that fixed CVE-2026-120154, a vulnerability of row-level security.
FIXED_MINORS = {16: 16, 17: 12, 18: 7}


@register(Tags.models)
def check_models(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check every model: a relation of another app can expose a tenant-owned model."""
    messages = [message for model in apps.get_models() for message in check_model(model)]
    return [*messages, *check_shared_models(apps.get_models(include_auto_created=True))]


def check_shared_models(models: Iterable[type[Model]]) -> Iterator[CheckMessage]:
    """Yield an error for each model of `models` that is neither tenant-owned nor listed with a reason."""
    listed = settings.TENANCY["SHARED_MODELS"]
    for model in models:
        if (
            model._meta.managed
            and not is_tenant_owned(model)
            and model is not Anchor
            and model._meta.label not in listed
        ):
            hint = 'Derive from TenantModel. If all tenants may see its rows, add it to TENANCY["SHARED_MODELS"].'
            yield _error(15, model, "it is not tenant-owned, and not listed as shared", hint)


def check_model(model: type[Model]) -> Iterator[CheckMessage]:
    if not is_tenant_owned(model):
        yield from _check_shared(model)
        return
    yield from _check_constraints(model)
    yield from _check_uniqueness(model)
    yield from _check_relations(model)
    for manager in model._meta.managers:
        if not isinstance(manager, TenantManager):
            yield _error(13, model, f"the manager `{manager.name}` does not filter by tenant", "Use TenantManager.")


def _error(number: int, model: type[Model], problem: str, hint: str) -> Error:
    return Error(f"{model._meta.label}: {problem}.", hint=hint, obj=model, id=f"tenancy.E{number:03}")


def _check_shared(model: type[Model]) -> Iterator[CheckMessage]:
    for field in model._meta.local_fields:
        if field.column == "account_id" and model is not Anchor:
            yield _error(
                2,
                model,
                "it has a column `account_id`, but is no TenantModel",
                "Derive from TenantModel, or call a column that names a tenant `tenant_id`.",
            )
        if isinstance(field, ForeignKey) and is_tenant_owned(field.remote_field.model):
            yield _error(
                12, model, f"`{field.name}` refers from a shared model to a tenant-owned one", "Store an id instead."
            )


def _check_constraints(model: type[Model]) -> Iterator[CheckMessage]:
    present = {type(constraint) for constraint in model._meta.constraints}
    for needed in (TenantPrimaryKey, TenantRowSecurity):
        if needed not in present:
            yield _error(1, model, f"{needed.__name__} is missing", "Let the metaclass of TenantModel add it.")
    if not model._meta.managed or model._meta.proxy:
        return
    if not any(isinstance(field, TenantKey) for field in model._meta.local_fields):
        yield _error(1, model, "inherits its table from another model", "Derive from TenantModel directly.")


def _check_uniqueness(model: type[Model]) -> Iterator[CheckMessage]:
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and _leading(constraint) != "account":
            yield _error(3, model, f"`{constraint.name}` is unique across tenants", "Use TenantUniqueConstraint.")
    for index in model._meta.indexes:
        if _leading(index) != "account" and list(index.fields) != [model.user_field]:  # type: ignore[attr-defined]
            yield _error(3, model, f"the index `{index.name}` does not start with the tenant", 'Begin with "account".')
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            yield _error(4, model, f"`{field.name}` is unique across tenants", "Use TenantUniqueConstraint.")
        if getattr(field, "db_index", False) and not field.primary_key:
            yield _error(3, model, f"`{field.name}` has its own index", "Declare one that begins with account.")
    if model._meta.unique_together:
        yield _error(14, model, "unique_together is unique across tenants", "Use TenantUniqueConstraint.")


def _leading(constraint: Any) -> str | None:
    """Return the first field of a constraint or index; "account" if the first expression is `F("account")`."""
    if constraint.fields:
        return str(constraint.fields[0])
    return "account" if constraint.expressions and constraint.expressions[0] == F("account") else None


def _check_relations(model: type[Model]) -> Iterator[CheckMessage]:
    for many in model._meta.local_many_to_many:
        if many.remote_field.through._meta.auto_created:  # type: ignore[union-attr]
            hint = "Write the model between the two as a TenantModel, and prefetch it."
            yield _error(7, model, f"`{many.name}` creates a table without a tenant", hint)
    for field in model._meta.local_fields:
        if isinstance(field, TenantKey) or not isinstance(field, ForeignKey):
            continue
        owned = is_tenant_owned(field.remote_field.model)
        if isinstance(field, OneToOneField):
            yield _error(
                5, model, f"`{field.name}` is unique across tenants", "Use TenantForeignKey and a constraint."
            )
        elif owned and not isinstance(field, TenantForeignKey):
            yield _error(6, model, f"`{field.name}` may point at another tenant's row", "Use TenantForeignKey.")
        elif owned and is_placed(field.remote_field.model) and not is_placed(model):
            hint = "Store an id instead: PostgreSQL cannot check a key to another database."
            yield _error(16, model, f"`{field.name}` refers from the control plane to a placed table", hint)
        elif owned and not _is_indexed(model, field.name):
            hint = f'Declare an index or unique constraint that begins with "account", "{field.name}".'
            yield _error(9, model, f"`{field.name}` has no index, so deleting a referenced row scans the table", hint)
        elif not owned:
            yield from _check_reference_to_shared(model, field)


def _check_reference_to_shared(model: type[Model], field: Any) -> Iterator[CheckMessage]:
    if isinstance(field, TenantForeignKey):
        yield _error(10, model, f"`{field.name}` points to a shared model", "Use ForeignKey.")
    if not field.remote_field.hidden:
        hint = 'Set related_name="+".'
        yield _error(8, model, f"`{field.name}` has a reverse accessor from a shared row to rows of all tenants", hint)
    if field.remote_field.on_delete is not DO_NOTHING:
        hint = "Use DO_NOTHING, and delete the rows that refer to it first."
        yield _error(11, model, f"`{field.name}` deletes or changes rows of all tenants with the shared row", hint)


def _is_indexed(model: type[Model], field: str) -> bool:
    paths = [constraint for constraint in model._meta.constraints if isinstance(constraint, UniqueConstraint)]
    return any(list(path.fields[:2]) == ["account", field] for path in [*paths, *model._meta.indexes])


# Settings ----------------------------------------------------------------------------------------------------------


@register(Tags.security)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name in ("SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN"):
        if getattr(settings, name):
            problem = f"{name} is set, so the browser sends one tenant's cookie to all."
            messages.append(Error(problem, hint="Leave it at None: cookies are host-only.", id="tenancy.E020"))
    for alias, config in settings.CACHES.items():
        if config.get("KEY_FUNCTION") != "tenancy.cache.make_key":
            problem = f'CACHES["{alias}"] does not isolate tenants.'
            messages.append(Error(problem, hint='Set KEY_FUNCTION to "tenancy.cache.make_key".', id="tenancy.E021"))
    for alias, database in settings.DATABASES.items():
        if database["ENGINE"] != "tenancy.postgresql":
            problem = f'DATABASES["{alias}"] does not set the active tenant.'
            messages.append(Error(problem, hint='Set ENGINE to "tenancy.postgresql".', id="tenancy.E022"))
    middleware = [path for path in settings.MIDDLEWARE if "health" not in path.lower()]
    if middleware[:1] != ["tenancy.middleware.TenantMiddleware"]:
        problem = "TenantMiddleware does not run first, so other middleware gets requests whose host is not checked."
        messages.append(Error(problem, hint="Only health checks go before it.", id="tenancy.E023"))
    return messages


# The connection ----------------------------------------------------------------------------------------------------

POWERS = """
SELECT rolsuper AS "is a superuser",
       rolbypassrls AS "bypasses row security",
       EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p')) AS "owns tables",
       EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid) AS "is a member of other roles"
  FROM pg_roles WHERE rolname = current_user
"""


def powers_of(alias: str) -> list[str]:
    """Return the privileges of the role of a connection that bypass row-level security. Expected: none."""
    with connections[alias].cursor() as cursor:
        cursor.execute(POWERS)
        names = [column.name for column in cursor.description]
        return [name for name, has in zip(names, cursor.fetchone(), strict=True) if has]


@register(Tags.database)
def check_connection(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if "default" in (databases or ()):
        messages += _role_errors()
        messages += _version_warnings()
    return messages


def _role_errors() -> list[CheckMessage]:
    powers = powers_of("default")
    hint = f"Connect as {role_name('app')}; tenancy/postgresql/roles.sql creates it."
    return [Error(f"The database role {power}.", hint=hint, id="tenancy.E030") for power in powers]


def _version_warnings() -> list[CheckMessage]:
    major, minor = connections["default"].get_database_version()
    if major in FIXED_MINORS and minor < FIXED_MINORS[major]:
        text = f"PostgreSQL {major}.{minor} has a vulnerability in row-level security (CVE-2026-120154)."
        return [Caution(text, hint=f"Update to {major}.{FIXED_MINORS[major]} or later.", id="tenancy.W001")]
    return []


def refuse_unsafe_process() -> None:
    """Raise ImproperlyConfigured if a connection of this process could read rows of other tenants.

    For web processes, workers and test runs, with and without DEBUG.
    """
    if OWNER in connections:
        raise ImproperlyConfigured(
            "This process has the connection of the tables' owner. Unset DATABASE_OWNER_URL; only commands need it."
        )
    refuse_unsafe_role()


def refuse_unsafe_role() -> None:
    """Raise ImproperlyConfigured if the role of the default connection bypasses row-level security."""
    if errors := _role_errors():
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint}" for error in errors))
