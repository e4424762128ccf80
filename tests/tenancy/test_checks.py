"""Each system check reports a model or a setting that would share rows between tenants."""

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models
from django.test.utils import isolate_apps

from accounts.models import Account, Membership
from projects.models import Project
from tenancy.checks import (
    check_model,
    check_settings,
    check_shared_models,
    powers_of,
    refuse_unsafe_process,
    refuse_unsafe_role,
)
from tenancy.constraints import (
    ErasedWithTenant,
    TenantPrimaryKey,
    TenantRowSecurity,
    TenantUniqueConstraint,
    UserReadPolicy,
)
from tenancy.fields import TenantForeignKey, TenantKey
from tenancy.models import TenantModel

User = get_user_model()


def found(model):
    return sorted({message.id for message in check_model(model)})


class Indexed:
    """The options of a valid model with a reference to Project."""

    app_label = "tasks"
    indexes = [models.Index(fields=["account", "project"], name="indexed")]


@isolate_apps("tasks")
def test_valid_model_has_no_errors():
    class Right(TenantModel):
        project = TenantForeignKey(Project, models.CASCADE, related_name="+")
        user = models.ForeignKey(User, models.DO_NOTHING, related_name="+", db_index=False)
        name = models.CharField(max_length=9)

        class Meta(Indexed):
            constraints = [TenantUniqueConstraint(fields=["name"], name="right_name")]

    assert found(Right) == []


@isolate_apps("tasks")
def test_child_model_keeps_inherited_constraints():
    class Forgetful(TenantModel):
        class Meta:
            app_label = "tasks"
            constraints = []

    assert len(Forgetful._meta.constraints) == 3
    assert Forgetful._meta.base_manager_name == "objects"


@isolate_apps("tasks")
def test_child_has_constraints_that_its_abstract_base_declares():
    class Plain(TenantModel):
        class Meta:
            abstract = True

    class Base(TenantModel):
        placed = False
        user_field = "user"
        erased_with_tenant = True
        user = models.ForeignKey(User, models.DO_NOTHING, related_name="+", db_index=False)

        class Meta:
            abstract = True

    class Child(Plain, Base):
        class Meta:
            app_label = "tasks"

    class Opposite(Base):
        erased_with_tenant = False
        user_field = None

        class Meta:
            app_label = "tasks"

    policy = next(each for each in Child._meta.constraints if isinstance(each, UserReadPolicy))
    assert policy.field == "user"
    assert any(isinstance(each, ErasedWithTenant) for each in Child._meta.constraints)
    assert {type(each) for each in Opposite._meta.constraints} == {TenantPrimaryKey, TenantRowSecurity}


@isolate_apps("tasks")
def test_e001_missing_constraints():
    class Bare(TenantModel):
        class Meta:
            app_label = "tasks"

    Bare._meta.constraints = []
    assert found(Bare) == ["tenancy.E001"]


@isolate_apps("tasks")
def test_e001_a_table_inherited_from_another_model():
    class Derived(Project):
        class Meta:
            app_label = "tasks"

    assert "tenancy.E001" in found(Derived)


@isolate_apps("tasks")
def test_e002_a_shared_model_with_an_account_id():
    class Pretender(models.Model):
        account = models.ForeignKey(Account, models.CASCADE, related_name="+")

        class Meta:
            app_label = "tasks"

    assert found(Pretender) == ["tenancy.E002"]


@isolate_apps("tasks")
@pytest.mark.parametrize(
    "meta",
    [
        {"constraints": [models.UniqueConstraint(fields=["name"], name="wrong")]},
        {"constraints": [models.UniqueConstraint(models.F("name"), name="wrong")]},
        {"indexes": [models.Index(fields=["name"], name="wrong")]},
        {"indexes": [models.Index(models.F("name").desc(), name="wrong")]},
    ],
    ids=["fields", "expressions", "index", "index of expressions"],
)
def test_e003_unique_or_indexed_across_tenants(meta):
    class Wrong(TenantModel):
        name = models.CharField(max_length=9)
        Meta = type("Meta", (), {"app_label": "tasks", **meta})

    assert found(Wrong) == ["tenancy.E003"]


@isolate_apps("tasks")
def test_e003_an_index_of_one_field():
    class Wrong(TenantModel):
        name = models.CharField(max_length=9, db_index=True)

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E003"]


@isolate_apps("tasks")
def test_e004_a_unique_field():
    class Wrong(TenantModel):
        name = models.CharField(max_length=9, unique=True)

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E004"]


@isolate_apps("tasks")
def test_e005_one_to_one():
    class Wrong(TenantModel):
        project = models.OneToOneField(Project, models.CASCADE, related_name="+")

        class Meta:
            app_label = "tasks"

    assert "tenancy.E005" in found(Wrong)


@isolate_apps("tasks")
def test_e006_a_plain_foreign_key():
    class Wrong(TenantModel):
        project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
        Meta = Indexed

    assert found(Wrong) == ["tenancy.E006"]


@isolate_apps("tasks", "projects")
def test_e007_an_automatic_many_to_many():
    class Other(TenantModel):
        class Meta:
            app_label = "tasks"

    class Wrong(TenantModel):
        others = models.ManyToManyField(Other)

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E007"]


@isolate_apps("tasks")
def test_e008_a_reverse_accessor_from_a_shared_row():
    class Wrong(TenantModel):
        user = models.ForeignKey(User, models.DO_NOTHING, db_index=False)

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E008"]


@isolate_apps("tasks")
def test_e009_a_reference_without_an_index():
    class Wrong(TenantModel):
        project = TenantForeignKey(Project, models.CASCADE, related_name="+")

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E009"]


@isolate_apps("tasks")
def test_e010_a_tenant_foreign_key_to_a_shared_row():
    class Wrong(TenantModel):
        user = TenantForeignKey(User, models.DO_NOTHING, related_name="+")

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E010"]


@isolate_apps("tasks")
def test_e011_a_shared_row_that_takes_rows_of_all_tenants_with_it():
    class Wrong(TenantModel):
        user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E011"]


@isolate_apps("tasks")
def test_e012_a_shared_row_that_points_into_a_tenants():
    class Wrong(models.Model):
        membership = models.ForeignKey(Membership, models.CASCADE, related_name="+")

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E012"]


@isolate_apps("tasks")
def test_e013_a_manager_that_does_not_filter():
    class Wrong(TenantModel):
        everything = models.Manager()

        class Meta:
            app_label = "tasks"

    assert found(Wrong) == ["tenancy.E013"]


@isolate_apps("tasks")
def test_e014_unique_together():
    class Wrong(TenantModel):
        name = models.CharField(max_length=9)
        other = models.CharField(max_length=9)

        class Meta:
            app_label = "tasks"
            unique_together = [("name", "other")]

    assert found(Wrong) == ["tenancy.E014"]


@isolate_apps("tasks")
def test_e015_a_model_that_is_neither_tenant_owned_nor_listed_as_shared():
    class Plain(models.Model):
        class Meta:
            app_label = "tasks"

    (message,) = check_shared_models([Plain, Account, Membership])
    assert (message.id, message.obj) == ("tenancy.E015", Plain)


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("SESSION_COOKIE_DOMAIN", ".localhost", "tenancy.E020"),
        ("CSRF_COOKIE_DOMAIN", ".localhost", "tenancy.E020"),
        ("CACHES", {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}, "tenancy.E021"),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.postgresql"}}, "tenancy.E022"),
        ("MIDDLEWARE", ["django.middleware.security.SecurityMiddleware"], "tenancy.E023"),
    ],
)
@pytest.mark.filterwarnings("ignore:Overriding setting")
def test_unsafe_settings_are_rejected(settings, name, value, check):
    setattr(settings, name, value)
    assert [message.id for message in check_settings(None)] == [check]


def test_project_passes_its_own_checks():
    assert [message for message in run_checks() if message.id.startswith("tenancy.")] == []


@pytest.mark.django_db(databases=["default", "owner"])
def test_role_that_owns_tables_is_refused(monkeypatch):
    assert powers_of("default") == []
    assert powers_of("owner") == ["owns tables"]
    owner = connections["owner"]
    monkeypatch.setattr("tenancy.checks.connections", {"default": owner})
    with pytest.raises(ImproperlyConfigured, match=r"owns tables.*Connect as"):
        refuse_unsafe_role()


def test_a_server_refuses_to_start_with_the_owners_connection():
    with pytest.raises(ImproperlyConfigured, match="DATABASE_OWNER_URL"):
        refuse_unsafe_process()


def test_the_tenant_key_needs_no_arguments_in_migrations():
    assert TenantKey().deconstruct()[1:] == ("tenancy.fields.TenantKey", [], {})
