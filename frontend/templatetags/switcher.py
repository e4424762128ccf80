"""`{% load switcher %}`: one's other accounts."""

from django import template

from frontend.shared.own_accounts import Place, places_of

register = template.Library()


@register.simple_tag(takes_context=True)
def other_accounts(context: template.Context) -> list[Place]:
    """The accounts of the member who asks, without the one that they are at. Two queries."""
    request = context["request"]
    return [place for place in places_of(request.membership.user) if place.account != request.tenant]
