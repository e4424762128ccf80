"""The limits of each plan. This is the only table of limits."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

MIB, GIB = 2**20, 2**30


class Plan(models.TextChoices):
    FREE = "free", _("Free")
    TEAM = "team", _("Team")
    BUSINESS = "business", _("Business")


@dataclass(frozen=True)
class Limits:
    """None means that there is no limit."""

    requests_per_user: int  # to the API, a minute
    requests_per_account: int  # of all its members together
    members: int | None
    invitations: int  # pending ones: each has sent an unrequested email
    projects: int | None  # archived ones too: they are complete and can be restored
    storage: int | None  # bytes of files
    file: int  # bytes of one of them
    sockets: int  # WebSockets that are open at the same time


LIMITS: dict[str, Limits] = {
    Plan.FREE: Limits(600, 3_000, members=5, invitations=20, projects=10, storage=GIB, file=100 * MIB, sockets=100),
    Plan.TEAM: Limits(
        1_200, 12_000, members=50, invitations=100, projects=200, storage=50 * GIB, file=GIB, sockets=1_000
    ),
    Plan.BUSINESS: Limits(
        6_000, 60_000, members=None, invitations=500, projects=None, storage=None, file=5 * GIB, sockets=10_000
    ),
}
