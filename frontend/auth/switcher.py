"""The account switcher: the user's other accounts, as a page and as the list that the side bar loads."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from frontend.shared.access import MemberRequest
from frontend.shared.own_accounts import places_of


@require_safe
@never_cache
def index(request: MemberRequest) -> HttpResponse:
    """The other accounts of the user: the list alone to htmx, otherwise a page. Two queries."""
    places = [place for place in places_of(request.membership.user) if place.account != request.tenant]
    template = "auth/accounts.html#switcher" if request.htmx else "auth/accounts.html"
    return render(request, template, {"places": places})
