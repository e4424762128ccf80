"""The name, address and appearance of the account, and the limits of its plan."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.accounts import update_account
from accounts.hues import HUES
from accounts.models import Account
from accounts.models.attachments import occupied_bytes
from accounts.permissions import may, require
from accounts.plans import LIMITS, Plan
from accounts.quotas import QUOTAS
from frontend.shared.access import MemberRequest
from frontend.shared.forms import UNREMEMBERED, posted, submit
from frontend.shared.time_zones import TimeZoneField
from tenancy.routing import tenant_origin

VARIANTS = {
    "standard": gettext_lazy("Standard"),
    "roadmap": gettext_lazy("With a public roadmap for your customers"),
}


class General(forms.ModelForm):  # type: ignore[type-arg]
    time_zone = TimeZoneField(label=gettext_lazy("Time zone"))
    accent_hue = forms.TypedChoiceField(
        label=gettext_lazy("Color"),
        choices=[
            ("", pgettext_lazy("color", "As it comes")),
            *((hue, gettext_lazy("Hue %(hue)d") % {"hue": hue}) for hue in HUES),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    variant = forms.ChoiceField(
        label=gettext_lazy("Site layout"),
        choices=lambda: [(name, VARIANTS.get(name, name)) for name in settings.TENANCY["VARIANTS"]],
    )

    class Meta:
        model = Account
        fields = ("name", "slug", "time_zone", "accent_hue", "variant", "media_access")
        labels = {
            "name": gettext_lazy("Name"),
            "slug": gettext_lazy("Address"),
            "media_access": gettext_lazy("File downloads"),
        }
        help_texts = {
            "slug": gettext_lazy(
                "The first part of the host name. The old address redirects to the new one and stays reserved for you."
            ),
        }
        widgets = {
            "name": forms.TextInput(attrs={**UNREMEMBERED, "dir": "auto"}),
            "slug": forms.TextInput(attrs={**UNREMEMBERED, "autocapitalize": "none", "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones: Any = self.fields["time_zone"]
        zones.offer(self.instance.time_zone)

    def _post_clean(self) -> None:
        """Do not change the instance, which is the account of the request. The action writes its own."""


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: MemberRequest) -> HttpResponse:
    """The settings of the account. POST changes them, and redirects to the new host if the address changed."""
    account = Account.objects.get(pk=request.tenant.pk)
    if request.method == "POST":
        require(request.membership, "account.update")
    form = General(posted(request), instance=account)
    sent = submit(form, update_account, account=account, actor=request.membership)
    if not sent.is_done:
        return _page(request, form, sent.status)
    messages.success(request, _("The settings were saved."))
    has_moved = sent.result.slug != account.slug
    return redirect(f"{tenant_origin(sent.result)}{request.path}" if has_moved else "settings")


def _page(request: MemberRequest, form: General, status: int) -> HttpResponse:
    context = {"form": form, "changes": may(request.membership, "account.update"), "base_domain": settings.BASE_DOMAIN}
    return render(request, "account_settings/general.html", context, status=status)


@dataclass(frozen=True)
class Usage:
    """The usage of one resource. `limit` is None if the plan has no limit."""

    name: Any
    used: int
    limit: int | None
    is_size: bool = False  # `used` and `limit` are bytes


@require_safe
def plan(request: MemberRequest) -> HttpResponse:
    """The plan of the account and the usage of its limits."""
    account = Account.objects.get(pk=request.tenant.pk)
    limits = LIMITS[account.plan]
    usages = [Usage(quota.label, quota.count(), getattr(limits, quota.name)) for quota in QUOTAS.values()]
    usages.append(Usage(_("Files"), occupied_bytes(), limits.storage, is_size=True))
    return render(
        request, "account_settings/plan.html", {"plan": Plan(account.plan), "usages": usages, "limits": limits}
    )
