from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_multitenant.utils import set_current_tenant, unset_current_tenant

from benchmarks.peers.multitenant.models import Membership
from benchmarks.peers.shared.hosts import account_of


class MultitenantMiddleware:
    """Sets the tenant that the host names, as the package's documentation shows. Refuses users who are no members."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        set_current_tenant(account_of(request, Membership.objects))
        try:
            return self.get_response(request)
        finally:
            unset_current_tenant()
