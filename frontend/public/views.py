"""The public site, and the page of the API's document."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from frontend.shared.own_accounts import places_of


@require_safe
@login_not_required
@never_cache
def landing(request: HttpRequest) -> HttpResponse:
    """What this is; for somebody who has logged in, the accounts that they belong to."""
    if isinstance(request.user, User):
        return render(request, "public/accounts.html", {"places": places_of(request.user)})
    return render(request, "public/landing.html")


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, on whatever host it is asked for: what is tried there is tried in that account."""
    return render(request, "public/api_docs.html")
