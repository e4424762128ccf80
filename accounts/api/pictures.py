"""`account/logo/` and `me/avatar/`: pictures, sent as the request body"""

from collections.abc import Callable
from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions import pictures
from accounts.exceptions import FileTooLarge
from accounts.models import Account
from accounts.rest import preconditions
from accounts.rest.documentation import Operation
from accounts.rest.errors import Stale
from accounts.rest.serializers import EmptyBody
from accounts.rest.uploads import Kept, read_all, room
from accounts.rest.views import MemberView
from accounts.rest.writes import NO_TAG
from tenancy.context import require_active_tenant

KINDS = ("image/png", "image/jpeg", "image/gif", "image/webp")


class PictureParser(BaseParser):
    """The body is the picture."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        kept: Kept = (parser_context or {})["view"].kept
        content = read_all(stream, kept, most=pictures.LARGEST)
        if len(content) > pictures.LARGEST:
            raise FileTooLarge(_("A picture can have at most %(most)d MB.") % {"most": pictures.LARGEST // 2**20})
        return content


PARSERS = [type(f"{kind}Parser", (PictureParser,), {"media_type": kind}) for kind in KINDS]
BODY = dict.fromkeys(KINDS, OpenApiTypes.BINARY)


class PictureView(MemberView):
    """One picture, which is re-encoded. There is no PATCH: a PUT replaces the picture."""

    http_method_names = ["put", "delete", "options"]
    parser_classes = PARSERS
    serializer_class = EmptyBody
    streams_body = True
    kept: Kept  # the body, while the request is answered

    def write(self, handler: Callable[..., Response], request: Request, **kwargs: Any) -> Response:
        """Not in a transaction: a picture is received, re-encoded and stored first. It has no ETag."""
        tags = preconditions.read_tags(request, "If-Match")
        if tags is not None and not preconditions.match(tags, NO_TAG):
            raise Stale
        with room.keep(require_active_tenant().pk) as self.kept:
            return handler(request, **kwargs)

    def read_picture(self, request: Request) -> bytes:
        content = request.data
        if not content:
            raise ValidationError({"picture": [_("The body is empty: send the picture itself.")]})
        return cast(bytes, content)


class LogoView(PictureView):
    permissions = {"put": "account.update", "delete": "account.update"}
    operations = {
        "put": Operation(
            "Sets the logo of the account. The body is a PNG, JPEG, GIF or WebP image of at most 20 MiB. Returns 503 "
            "while the server processes other images.",
            "Set the logo of the account",
            "setAccountLogo",
        ),
        "delete": Operation("Removes the logo of the account.", "Remove the logo of the account", "removeAccountLogo"),
    }

    @extend_schema(request=BODY, responses={204: None})
    def put(self, request: Request) -> Response:
        """Give the account a logo."""
        account = cast(Account, require_active_tenant())
        pictures.set_logo(account=account, actor=self.membership, content=self.read_picture(request))
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Take the logo away."""
        pictures.remove_logo(account=cast(Account, require_active_tenant()), actor=self.membership)
        return Response(status=204)


class AvatarView(PictureView):
    permissions = {"put": "profile.update", "delete": "profile.update"}
    operations = {
        "put": Operation(
            "Sets the avatar of the user, which the members of this account see. The body is a PNG, JPEG, GIF or WebP "
            "image of at most 20 MiB. Returns 503 while the server processes other images.",
            "Set the avatar of the current user",
            "setMyAvatar",
        ),
        "delete": Operation(
            "Removes the avatar of the user.", "Remove the avatar of the current user", "removeMyAvatar"
        ),
    }

    @extend_schema(request=BODY, responses={204: None})
    def put(self, request: Request) -> Response:
        """Give oneself a picture, which the members of this account see."""
        pictures.set_avatar(actor=self.membership, content=self.read_picture(request))
        return Response(status=204)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Take one's picture away."""
        pictures.remove_avatar(actor=self.membership)
        return Response(status=204)
