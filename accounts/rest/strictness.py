"""Strict handling of requests, which all views of the API share: what is not understood is refused."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Membership
from accounts.rest import throttling
from accounts.rest.documentation import Documented


class StrictView(Documented, APIView):
    """Refuses unknown input: a misspelled parameter must not silently change the answer."""

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    streams_body = False  # the view reads the body piece by piece

    def query_parameters(self) -> set[str]:
        """Return the names of the allowed query parameters."""
        return set()

    @property
    def membership(self) -> Membership:
        """The membership of the authenticated user in the active tenant. Only for views that RoleAllows guards."""
        return cast(Membership, self.request.membership)  # type: ignore[attr-defined]

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        throttling.count_request(request)  # before the check of roles: refused requests count too

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # A chunked body has no length, so REST framework would treat it as empty.
        has_length = "CONTENT_LENGTH" in request.META or "HTTP_TRANSFER_ENCODING" not in request.META
        if not has_length and not self.streams_body:
            request.META["CONTENT_LENGTH"] = str(len(request.body))
        super().initial(request, *args, **kwargs)
        if hasattr(self, str(request.method).lower()):  # or it is answered with 405
            self.refuse_parameters(request)

    def refuse_parameters(self, request: Request) -> None:
        """Raise ValidationError for unknown and repeated parameters, one of which would otherwise be ignored."""
        known, given = self.query_parameters(), request.query_params
        wrong = {name: [_("Unknown query parameter.")] for name in sorted(set(given) - known)}
        wrong |= {name: [_("Give this parameter once.")] for name in sorted(known) if len(given.getlist(name)) > 1}
        if wrong:
            raise ValidationError(wrong)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        throttling.add_headers(request, response)
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Answer with the header `Allow` alone; the OpenAPI document describes the rest."""
        return Response(status=204)
