"""Accounts, which are the tenants, and their domains: both shared, since they identify the tenant."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.hues import HUES
from accounts.plans import Plan
from accounts.slugs import refuse_reserved_slug
from tenancy.models import AbstractDomain, AbstractTenant


class Color(models.TextChoices):
    """The names of the palette. The style sheets define how each looks in each theme."""

    GREY = "grey", _("Grey")
    RED = "red", _("Red")
    ORANGE = "orange", _("Orange")
    AMBER = "amber", _("Amber")
    GREEN = "green", _("Green")
    TEAL = "teal", _("Teal")
    BLUE = "blue", _("Blue")
    VIOLET = "violet", _("Violet")
    PINK = "pink", _("Pink")


class MediaAccess(models.TextChoices):
    """How files are downloaded."""

    PRESIGNED = "presigned", _("Directly from storage, by a link that is valid for one minute")
    PROXIED = "proxied", _("Through the application, which checks permissions each time")


class Account(AbstractTenant):
    """The tenant of this product. Its slug is its subdomain."""

    DELETION_GRACE: ClassVar = timedelta(days=14)  # in which a requested deletion can be cancelled

    # The default for self-hosted installations; the smaller plans are for operators who sell accounts.
    plan = models.CharField(max_length=20, choices=Plan, default=Plan.BUSINESS)
    # None: a hue that is derived from the slug.
    accent_hue = models.PositiveSmallIntegerField(null=True, blank=True, choices=[(hue, str(hue)) for hue in HUES])
    media_access = models.CharField(max_length=10, choices=MediaAccess, default=MediaAccess.PRESIGNED)
    logo = models.CharField(max_length=32, blank=True, editable=False)  # the name of the picture; "" is none
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("slug",)

    def clean(self) -> None:
        super().clean()
        refuse_reserved_slug(self.slug)
        if self.variant not in settings.TENANCY["VARIANTS"]:
            raise ValidationError({"variant": _("This site layout does not exist.")})


class Domain(AbstractDomain):
    """A custom host name of an account. Shared, since it is looked up before the tenant is known."""

    tenant = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="domains")

    class Meta:
        ordering = ("host",)
        constraints = [
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(is_primary=True), name="one_primary_domain"),
        ]
