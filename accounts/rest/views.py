"""The views of members: visibility, and the form of answers."""

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from accounts.rest import preconditions
from accounts.rest.filters import StrictFilterSet
from accounts.rest.pagination import KeysetPagination
from accounts.rest.rendering import JSONRenderer
from accounts.rest.rows import rows_of
from accounts.rest.serializers import EmptyBody
from accounts.rest.strictness import StrictView
from accounts.rest.writes import NO_TAG, MemberWrites
from tenancy.models import TenantModel
from tenancy.planes import is_placed

ORDERING = "ordering"


class MemberView(MemberWrites):
    """A resource that there is one of, for members. `permissions` maps writing methods to `accounts.permissions`."""

    serializer_class: type[BaseSerializer[Any]]
    permissions: Mapping[str, str] = {}

    @property
    def action(self) -> str | None:
        """What RoleAllows looks for in `permissions`: the method, or None for one that is answered with 405."""
        method = str(self.request.method).lower()
        return method if hasattr(self, method) else None

    def read_body(self) -> dict[str, Any]:
        """Return the checked fields of the body. Raises ValidationError."""
        serializer = self.serializer_class(data=self.request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


class ReadOnlyTenantViewSet[M: TenantModel](StrictView, GenericViewSet[M]):
    """The rows of one model that the member may see.

    Subclasses set `queryset`, whose `visible_to(membership)` is applied here and nowhere else, `serializer_class` and
    `order`. They may set `filterset_class` and `orderings`.
    """

    order: tuple[str, ...] = ("id",)  # of lists; the last field is unique, none is ever null
    orderings: Mapping[str, str] = {}  # what `ordering=` may name, and the field or annotation that it stands for
    filterset_class: type[StrictFilterSet] | None = None
    pagination_class = KeysetPagination

    def get_queryset(self) -> QuerySet[M]:
        return cast(QuerySet[M], super().get_queryset().visible_to(self.membership))  # type: ignore[attr-defined]

    def get_object(self) -> M:
        """Return the row of the URL. Raises Http404 for one that is foreign, hidden or absent.

        The filters of lists do not apply: an archived row is found by its id.
        """
        return get_object_or_404(self.get_queryset(), self.identify(self.kwargs["pk"]))

    def identify(self, text: str) -> Q:
        """Return the condition for the row that the URL names `text`. Raises Http404."""
        try:
            return Q(pk=UUID(str(text)))  # a UUID already if the route has the converter `uuid`
        except ValueError as error:
            raise Http404 from error

    def query_parameters(self) -> set[str]:
        if getattr(self, "action", None) != "list":
            return set()
        filters = set(self.filterset_class.base_filters) if self.filterset_class else set()
        return filters | {KeysetPagination.CURSOR, KeysetPagination.SIZE} | ({ORDERING} if self.orderings else set())

    def get_order(self) -> tuple[str, ...]:
        """Return the order of a list: `ordering=` and then the id, or the view's own. Raises ValidationError."""
        text = self.request.query_params.get(ORDERING)
        if text is None:
            return self.order
        name, sign = text.removeprefix("-"), "-" if text.startswith("-") else ""
        if name not in self.orderings:
            words = ", ".join(f"`{each}`" for each in self.orderings)
            message = _("Must be one of %(words)s, with a hyphen in front for the opposite order.") % {"words": words}
            raise ValidationError({ORDERING: [message]})
        return (f"{sign}{self.orderings[name]}", f"{sign}id")

    # Answers --------------------------------------------------------------------------------------------------------

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        rows = rows_of(self.get_serializer_class())  # type: ignore[arg-type]  # a class is hashable
        return self.get_paginated_response(rows(page) if rows else self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return preconditions.unless_known(request, self.answer(self.get_object()))

    def reread(self, row: M) -> M:
        """Return `row` as a detail request would find it now, with annotations and prefetches."""
        return get_object_or_404(self.get_queryset(), pk=row.pk)

    def answer(self, row: M, status: int = 200) -> Response:
        """Answer with one row and its ETag."""
        data = self.show(row)
        return Response(data, status=status, headers={"ETag": etag(data)})

    def show(self, row: M) -> Any:
        """Return a row as details show it, also in answer to an action with another serializer for its body."""
        return cast(Any, type(self).serializer_class)(row, context=self.get_serializer_context()).data


class TenantViewSet[M: TenantModel](MemberWrites, ReadOnlyTenantViewSet[M]):
    """The same, and the actions that change them.

    Subclasses also set `permissions` (see RoleAllows), and implement `perform_…` with one call of an action each.
    """

    permissions: Mapping[str, str] = {}
    unrouted: Collection[str] = ()  # the standard actions that are missing: 405 instead of 403

    @classmethod
    def as_view(cls, actions: dict[str, Any] | None = None, **initkwargs: Any) -> Any:
        allowed = {method: action for method, action in (actions or {}).items() if action not in cls.unrouted}
        return super().as_view(allowed, **initkwargs)

    @property
    def writes_content(self) -> bool:
        return is_placed(cast(Any, type(self)).queryset.model)

    def is_hidden(self, answered: Any) -> bool:
        rows = super(ReadOnlyTenantViewSet, self).get_queryset()  # the hidden ones too
        if "pk" in self.kwargs:
            about = rows.filter(self.identify(self.kwargs["pk"]))
        else:
            shown = (answered or {}).get("results", [answered or {}])
            about = rows.filter(pk__in=[each["id"] for each in shown if "id" in each])
        return about.exclude(pk__in=self.get_queryset().values("pk")).exists()

    def locked_tag(self) -> str:
        if "pk" not in self.kwargs:
            return NO_TAG
        row = self.get_object()
        self.lock(row)
        return etag(self.show(self.reread(row)))

    def lock(self, row: M) -> None:
        """Lock the first row that the actions on `row` lock. Raises Http404 when it is gone.

        View sets whose actions lock another row first override this: in another order two writes could deadlock.
        """
        get_object_or_404(type(row)._default_manager.select_for_update(no_key=True), pk=row.pk)

    # Answers --------------------------------------------------------------------------------------------------------

    def create(self, request: Request) -> Response:
        row = self.perform_create(self.read_body())
        return self.answer(self.reread(row), status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        row = self.get_object()
        self.perform_update(row, self.read_body(row))
        return self.answer(self.reread(row))

    def destroy(self, request: Request, pk: str) -> Response:
        self.perform_destroy(self.get_object())
        return Response(status=204)

    def act(self, change: Callable[..., object]) -> Response:
        """Answer a POST without a body. `change` is an action whose parameter for the row is named after the model."""
        row = self.get_object()
        EmptyBody(data=self.request.data).is_valid(raise_exception=True)
        change(**{str(row._meta.model_name): row}, actor=self.membership)
        return self.answer(self.reread(row))

    def read_body(self, row: M | None = None) -> dict[str, Any]:
        """Return the checked fields of the body; with `row`, of a partial change. Raises ValidationError."""
        serializer = self.get_serializer(row, data=self.request.data, partial=row is not None)
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)

    # One call of an action each -------------------------------------------------------------------------------------

    def perform_create(self, fields: dict[str, Any]) -> M:
        """Create a row. Every view set that routes POST overrides this with one call of an action."""
        raise NotImplementedError  # test_gates.py asks every route for it

    def perform_update(self, row: M, fields: dict[str, Any]) -> None:
        """Change a row. Every view set that routes PATCH overrides this with one call of an action."""
        raise NotImplementedError  # test_gates.py asks every route for it

    def perform_destroy(self, row: M) -> None:
        """Delete a row. Every view set that routes DELETE overrides this with one call of an action."""
        raise NotImplementedError  # test_gates.py asks every route for it


def etag(data: Mapping[str, Any]) -> str:
    """Return the strong entity tag of a JSON answer."""
    return f'"{sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'
