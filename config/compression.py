"""Pages go out compressed; what programs read does not."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressPages(GZipMiddleware):
    """Django's, which adds random bytes against BREACH (docs/web.md), for pages alone.

    It makes entity tags weak, and those of the API are strong: `If-Match` would never hold again.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
