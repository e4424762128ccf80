"""A page to read the API's document and try it, offline: all it needs comes from this host."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI, on whatever host it is asked for: what is tried there is tried in that account."""
    return render(request, "public/api_docs.html")
