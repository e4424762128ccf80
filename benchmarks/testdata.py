"""How quickly `createtestdata` fills a database."""

from dataclasses import dataclass

from accounts.models import Account
from benchmarks.reports import Section
from projects.models import Label, Project, Status
from tasks.models import Assignment, Subtask, Task, TaskLabel
from tenancy.context import tenant_context
from tenancy.models import TenantModel, get_membership_model

# The loading script of the example of the 2023 talk, as it ran.
EXAMPLE = 2712
EXAMPLE_SOURCE = "the example of the 2023 talk that this project takes its test data from, run on its own script"

MODELS: tuple[type[TenantModel], ...] = (Project, Status, Task, Subtask, Assignment, TaskLabel, Label)


@dataclass(frozen=True)
class Data:
    """What was made, in how many seconds."""

    seed: int
    accounts: tuple[Account, ...]
    rows: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in self.rows.items())
        return f"`createtestdata --accounts {len(self.accounts)} --seed {self.seed}`: {counts}"


def look(*, accounts: int, seed: int, seconds: float) -> Data:
    """Count what `createtestdata` has just made in `seconds`."""
    tenants = tuple(Account.objects.filter(slug__in=[f"tenant-{number}" for number in range(accounts)]))
    rows = {"accounts": len(tenants)}
    for tenant in tenants:
        with tenant_context(tenant):
            for model in (*MODELS, get_membership_model()):
                name = str(model._meta.verbose_name_plural)
                rows[name] = rows.get(name, 0) + model._default_manager.count()
    return Data(seed, tenants, rows, seconds)


def measure(data: Data) -> Section:
    rate = sum(data.rows.values()) / data.seconds
    return Section(
        f"{sum(data.rows.values()):,} rows in {data.seconds:.1f} s, committed with fsync: **{rate:,.0f} rows/s**, "
        f"{rate / EXAMPLE:.1f} times the {EXAMPLE:,} rows/s of {EXAMPLE_SOURCE}.\n"
    )
