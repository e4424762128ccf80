"""The public site, and the page of the OpenAPI document."""

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
    """The landing page, or the accounts of an authenticated user."""
    if isinstance(request.user, User):
        return render(request, "public/accounts.html", {"places": places_of(request.user)})
    return render(request, "public/landing.html")


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, on every host. Requests from it go to the account of the host."""
    return render(request, "public/api_docs.html")
