"""Base classes of the tenant, its domains and tenant-owned models."""

from collections.abc import Collection
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

from django.apps import apps
from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models.base import ModelBase
from django.db.models.expressions import F
from django.db.models.sql.query import Query
from django.utils.translation import gettext_lazy as _

from tenancy.constraints import (
    ANCHOR_TABLE,
    AnchoredToTenant,
    ErasedWithTenant,
    TenantPrimaryKey,
    TenantRowSecurity,
    UserReadPolicy,
)
from tenancy.context import NoActiveTenant, Scope, get_scope, require_active_tenant, tenant_context
from tenancy.fields import LineField, SearchText, TenantKey, UUIDv7Field, check_writable, with_derived
from tenancy.outbox.models import DailyRun, OutboxJob  # noqa: F401  # Django loads models from here
from tenancy.planes import is_placed
from tenancy.roles import OPERATOR
from tenancy.zones import validate_time_zone

validate_slug = RegexValidator(
    r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z",
    _("Use 1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end."),
)


class AbstractTenant(models.Model):
    """The base of `settings.TENANT_MODEL`, which must also have `domains`: see AbstractDomain."""

    id = UUIDv7Field()
    slug = models.CharField(max_length=63, unique=True, validators=[validate_slug])  # a DNS label
    name = LineField(max_length=200)
    variant = models.CharField(max_length=50, default="standard")  # a key of TENANCY["VARIANTS"]
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])  # Europe/Vienna
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When its deletion was requested. This suspends it too, at the same time.
    deleting_since = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the tenant, and a new one with its anchor: its content begins in the default database."""
        if not self._state.adding:
            super().save(*args, **kwargs)
            return
        with transaction.atomic(using=kwargs.get("using")):
            super().save(*args, **kwargs)
            with tenant_context(self):
                Anchor.objects.using(self._state.db).create(account_id=self.pk)

    @property
    def is_closing(self) -> bool:
        """Whether its deletion is scheduled, and it is suspended for no other reason."""
        return self.deleting_since is not None and self.suspended_at == self.deleting_since


class AbstractDomain(models.Model):
    """A custom domain of a tenant, in addition to its subdomain of BASE_DOMAIN.

    The concrete model adds `tenant = ForeignKey(settings.TENANT_MODEL, related_name="domains")`. At most one domain of
    a tenant is primary; the others redirect to it.
    """

    id = UUIDv7Field()
    host = models.CharField(max_length=253, unique=True)  # lower case, IDNA-encoded, without port
    is_primary = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.host


class Anchor(models.Model):
    """The row of a tenant in the database with its content: each placed row refers to it, and is deleted with it.

    Without it, no content of the tenant can be added there. Limits on content lock it. It is under row security.
    """

    class State(models.TextChoices):
        HERE = "here"  # the content is in this database

    account_id = models.UUIDField(primary_key=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.HERE)

    class Meta:
        db_table = ANCHOR_TABLE
        constraints = [TenantRowSecurity(name="tenancy_anchor_tenant_rls")]

    def __str__(self) -> str:
        return f"{self.account_id} is {self.state}"


def get_tenant_model() -> type[AbstractTenant]:
    """Return the model named by `settings.TENANT_MODEL`."""
    model: type[AbstractTenant] = apps.get_model(settings.TENANT_MODEL)
    return model


def get_membership_model() -> Any:
    """Return the model named by `settings.MEMBERSHIP_MODEL`: a user in a tenant, with a role."""
    return apps.get_model(settings.MEMBERSHIP_MODEL)


class InScope(models.Expression):
    """`account_id = <active tenant>` with late binding: evaluated when SQL is compiled, not when a queryset is built.

    Querysets of classes, form fields and prefetches therefore use the tenant that is active when they run.
    """

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, tenant: Any, user: Any = None) -> None:
        super().__init__()
        self.tenant, self.user = tenant, user

    def get_source_expressions(self) -> list[Any]:
        return [self.tenant, self.user]

    def set_source_expressions(self, exprs: Any) -> None:
        self.tenant, self.user = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for the active scope. Raises NoActiveTenant."""
        scope = get_scope()
        if scope.tenant is not None:
            column, value = self.tenant, scope.tenant.pk
        elif scope.user_id is not None and self.user is not None:
            column, value = self.user, scope.user_id
        elif scope.all_tenants_reason is not None and connection.alias == OPERATOR and self._is_whole(scope):
            return "TRUE", ()
        else:
            raise NoActiveTenant(_explain(self.tenant.target.model, connection.alias))
        sql, params = compiler.compile(column)
        return f"{sql} = %s", (*params, value)

    def _is_whole(self, scope: Scope) -> bool:
        """Return whether the rows that a query finds are all that it asks for: content is so in a named place only."""
        return scope.place is not None or not is_placed(self.tenant.target.model)


def _explain(model: type[models.Model], alias: str) -> str:
    scope = get_scope()
    if scope.all_tenants_reason is not None and alias == OPERATOR:
        return f"{model._meta.label} is content, which no database has of all tenants. Use `for_each_place()`."
    if scope.all_tenants_reason is not None:
        return f'{model._meta.label}: all_tenants() reads on the alias "{OPERATOR}" only, not on "{alias}".'
    if scope.user_id is not None:
        return (
            f"{model._meta.label} cannot be read inside as_user(): only memberships can, and nothing can be written."
        )
    return f"{model._meta.label} needs an active tenant. Wrap the code in `with tenant_context(tenant):`."


class ColumnsRead(NamedTuple):
    """The columns of a model that queries read by default, and those that they defer."""

    names: list[str]
    unread: list[str]
    places: list[int]  # of the deferred ones, among all columns


@cache
def _columns_read(model: type[models.Model]) -> ColumnsRead:
    fields = list(enumerate(model._meta.concrete_fields))
    unread = [(place, field.attname) for place, field in fields if isinstance(field, SearchText)]
    names = [field.attname for _place, field in fields if not isinstance(field, SearchText)]
    return ColumnsRead(names, [name for _place, name in unread], [place for place, _name in unread])


class TenantManager[M: models.Model](models.Manager[M]):
    """Filters by the active tenant. All queries raise NoActiveTenant without one."""

    def get_queryset(self) -> models.QuerySet[M]:
        queryset = super().get_queryset()
        queryset.query = self._scoped_query().clone()
        return queryset

    def _scoped_query(self) -> Query:
        """Return the query of all rows in scope. It is the same for all tenants because of late binding.

        Cached for each model: prefetching requests a queryset for each row.
        """
        known: Query | None = self.model.__dict__.get("_scoped_query")
        if known is None:
            user_field = getattr(self.model, "user_field", None)
            scope = InScope(F("account_id"), F(f"{user_field}_id") if user_field else None)
            known = super().get_queryset().filter(scope).defer(*_columns_read(self.model).unread).query
            self.model._scoped_query = known  # type: ignore[attr-defined]
        return known

    def raw(self, *args: Any, **kwargs: Any) -> Any:
        """Run raw SQL. Only row-level security protects it, so it requires an active tenant."""
        require_active_tenant()
        return super().raw(*args, **kwargs)


class TenantModelBase(ModelBase):
    """Adds the constraints to the `Meta` of a model before Django creates the class.

    A child could omit constraints that it inherits through `Meta`, and migrations ignore those that are added later.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any) -> Any:
        parents = [base for base in bases if isinstance(base, TenantModelBase)]
        declared = attrs.get("Meta")
        if parents and not getattr(declared, "abstract", False):
            inherited = next((base.Meta for base in bases if hasattr(base, "Meta")), object)
            meta: Any = type("Meta", (declared or inherited,), {"base_manager_name": "objects"})
            label = f"{attrs.get('app_label') or _app_label(attrs, declared)}_{name.lower()}"
            user_field = _declared("user_field", bases, attrs)
            erased = _declared("erased_with_tenant", bases, attrs)
            placed = _declared("placed", bases, attrs) is not False
            meta.constraints = [
                *getattr(meta, "constraints", []),
                TenantPrimaryKey(name=f"{label}_tenant_pk"),
                TenantRowSecurity(name=f"{label}_tenant_rls"),
                *([UserReadPolicy(name=f"{label}_own_rows", field=user_field)] if user_field else []),
                *([ErasedWithTenant(name=f"{label}_erased")] if erased and not placed else []),
                *([AnchoredToTenant(name=f"{label}_anchored")] if placed else []),
            ]
            attrs["Meta"] = meta
        return super().__new__(mcs, name, bases, attrs, **kwargs)


def _declared(name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
    """Return a class attribute of the model before the class exists: its own, or that of an abstract base."""
    if name in attrs:
        return attrs[name]
    classes = (each for base in bases for each in base.__mro__ if each is not TenantModel)
    return next((vars(each)[name] for each in classes if name in vars(each)), None)


def _app_label(attrs: dict[str, Any], meta: Any) -> str:
    if explicit := getattr(meta, "app_label", None):
        return str(explicit)
    config = apps.get_containing_app_config(attrs["__module__"])
    return config.label if config else str(attrs["__module__"]).split(".", 1)[0]


class TenantModel(models.Model, metaclass=TenantModelBase):
    """The base of tenant-owned models: a row belongs to exactly one tenant, in PostgreSQL and in Python."""

    # The field that refers to the user, if `as_user()` may read the rows in all tenants.
    user_field: ClassVar[str | None] = None
    # Whether the application can only insert and read rows: it has no privilege to update or delete them.
    append_only: ClassVar[bool] = False
    # Whether PostgreSQL deletes the rows with their tenant. For append-only models of the control plane and those that
    # they refer to. Content is deleted with the anchor of its tenant.
    erased_with_tenant: ClassVar[bool] = False
    # Whether the rows are content, which can be stored outside the default database: see `tenancy.planes`.
    placed: ClassVar[bool] = True
    # Whether the export of a tenant contains the rows. False for credentials, their hashes and rows of one user.
    in_archive: ClassVar[bool] = True

    id = UUIDv7Field()
    account = TenantKey()

    objects: ClassVar = TenantManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save for the active tenant. Raises NoActiveTenant, CrossTenantWrite."""
        check_writable(self)
        kwargs["update_fields"] = with_derived(self, kwargs.get("update_fields"))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete for the active tenant. Raises NoActiveTenant, CrossTenantWrite."""
        check_writable(self)
        return super().delete(*args, **kwargs)

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        """Return a row of the database. An optimization: Django searches a list for each field of a deferred row."""
        read = _columns_read(cls)
        if read.places and field_names == read.names:
            values = list(values)
            for place in read.places:
                values.insert(place, models.DEFERRED)
        return super().from_db(db, field_names, values, **options)


def is_tenant_owned(model: type[models.Model]) -> bool:
    """Return whether rows of `model` belong to a tenant."""
    return issubclass(model, TenantModel)
