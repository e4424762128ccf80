"""A site with a few views, which return what a view can see, for the tests of routing and middleware."""

import asyncio

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, reverse

from projects.models import Project
from tenancy.context import get_active_tenant


def open_to_all(view):
    view.login_required = False
    return view


@open_to_all
def echo(request):
    tenant = get_active_tenant()
    assert tenant == request.tenant
    return JsonResponse({"tenant": tenant and tenant.slug, "path": request.path, "self": reverse("echo")})


@open_to_all
async def echo_async(request):
    await asyncio.sleep(0)
    return JsonResponse({"tenant": get_active_tenant() and get_active_tenant().slug})


def pieces():
    for page in range(3):
        yield ",".join(Project.objects.order_by("key")[page : page + 1].values_list("name", flat=True)) + ";"


async def async_pieces():
    for page in range(3):
        names = [
            name async for name in Project.objects.order_by("key")[page : page + 1].values_list("name", flat=True)
        ]
        yield ",".join(names) + ";"


@open_to_all
def stream(request):
    return StreamingHttpResponse(pieces())


@open_to_all
async def stream_async(request):
    return StreamingHttpResponse(async_pieces())


@open_to_all
def cached_page(request):
    return HttpResponse(cache.get_or_set(f"page:{request.path}", get_active_tenant().name))


@open_to_all
def explode(request):
    with transaction.atomic():
        raise ZeroDivisionError


@open_to_all
def old_style_host(request):
    return HttpResponse(request.build_absolute_uri("/"))


urlpatterns = [
    path("echo/", echo, name="echo"),
    path("echo-async/", echo_async),
    path("stream/", stream),
    path("stream-async/", stream_async),
    path("cached-page/", cached_page),
    path("explode/", explode),
    path("absolute/", old_style_host),
]
handler400 = "config.errors.bad_request"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
