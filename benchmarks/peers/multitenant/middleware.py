from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django_multitenant.utils import set_current_tenant, unset_current_tenant

from benchmarks.peers.multitenant.models import Membership


class MultitenantMiddleware:
    """Sets the tenant that the host names, as the package's documentation shows. Refuses users who are no members."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            raise PermissionDenied
        memberships = Membership.objects.select_related("account")
        slug = request.get_host().partition(".")[0]
        set_current_tenant(get_object_or_404(memberships, user=request.user, account__slug=slug).account)
        try:
            return self.get_response(request)
        finally:
            unset_current_tenant()
