"""The account that the host of a request names."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Manager
from django.http import HttpRequest
from django.shortcuts import get_object_or_404


def account_of(request: HttpRequest, memberships: "Manager[Any]") -> Any:
    """Return the account. Raises PermissionDenied for anonymous users, and Http404 for users who are no members."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    slug = request.get_host().partition(".")[0]
    return get_object_or_404(memberships.select_related("account"), user=request.user, account__slug=slug).account
