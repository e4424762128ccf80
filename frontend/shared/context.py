"""Values that every page can use."""

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, str]:
    """Return the name of the product, as `product`. A context processor."""
    return {"product": settings.PRODUCT_NAME}
