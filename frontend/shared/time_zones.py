"""The time zones that forms offer: those of places. The API accepts others too, such as Etc/GMT+1."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenancy.zones import available_time_zones


class TimeZoneField(forms.ChoiceField):
    """A time zone by name. The value is "" if the field is not required and nothing is chosen.

    `offer()` adds the present value if it is not in the list.
    """

    def __init__(self, *, empty_label: Any = None, **kwargs: Any) -> None:
        first = [] if empty_label is None else [("", empty_label)]
        super().__init__(choices=lambda: [*first, *_of_places()], **kwargs)

    def offer(self, name: str | None) -> None:
        """Add a name if it can be chosen. Special files of the server such as `localtime` cannot."""
        offered: Any = self.choices
        if name in available_time_zones() and name not in dict(offered):
            self.choices = [*offered, (name, name)]


class ChooseTimeZone(forms.Form):
    time_zone = TimeZoneField(
        label=_("Time zone"),
        required=False,
        empty_label=_("Time zone of each account"),
        help_text=_("Used for dates and times on pages and in emails, and to decide which tasks are overdue."),
    )

    def __init__(self, *args: Any, chosen: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["time_zone"]
        field.initial = chosen
        field.offer(chosen)

    def clean_time_zone(self) -> str | None:
        return self.cleaned_data["time_zone"] or None


def _of_places() -> list[tuple[str, str]]:
    names = sorted(name for name in available_time_zones() if "/" in name and not name.startswith("Etc/"))
    return [(name, name.replace("_", " ")) for name in ("UTC", *names)]
