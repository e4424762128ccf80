"""The REST API, on the host of every tenant and on the public one, where a token or header names the tenant."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.routers import SimpleRouter

from accounts.api.account import AccountView, RestoreView, TransferView
from accounts.api.audit import AuditViewSet
from accounts.api.exports import ExportViewSet
from accounts.api.invitations import AcceptView, InvitationViewSet
from accounts.api.me import MeView, OwnAccountsView
from accounts.api.members import MemberViewSet
from accounts.api.notifications import NotificationViewSet
from accounts.api.personal_tokens import ApiTokenViewSet
from accounts.api.pictures import AvatarView, LogoView
from accounts.api.tokens import RefreshView, RevokeView, TokenView, VerifyView
from config.errors import not_found
from config.openapi import document
from config.urls import tracker
from frontend.public.views import api_docs
from tasks.api import AttachmentViewSet, UploadView

app_name = "api"  # so that names like `task-detail` are not taken for pages

router = SimpleRouter()
router.register("members", MemberViewSet, basename="member")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("attachments", AttachmentViewSet, basename="attachment")
router.register("audit", AuditViewSet, basename="audit")
router.register("notifications", NotificationViewSet, basename="notification")
router.register("exports", ExportViewSet, basename="export")
router.register("tokens", ApiTokenViewSet, basename="token")

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/token/", TokenView.as_view(), name="auth-token"),
    path("auth/token/refresh/", RefreshView.as_view(), name="auth-token-refresh"),
    path("auth/token/verify/", VerifyView.as_view(), name="auth-token-verify"),
    path("auth/token/revoke/", RevokeView.as_view(), name="auth-token-revoke"),
    path("schema/", document, name="schema"),
    path("docs/", api_docs, name="docs"),
    path("me/", MeView.as_view(), name="me"),
    path("me/accounts/", OwnAccountsView.as_view(), name="own-accounts"),
    path("account/", AccountView.as_view(), name="account"),
    path("account/restore/", RestoreView.as_view(), name="account-restore"),
    path("account/logo/", LogoView.as_view(), name="account-logo"),
    path("me/avatar/", AvatarView.as_view(), name="avatar"),
    path("account/transfer/", TransferView.as_view(), name="account-transfer"),
    path("invitations/accept/", AcceptView.as_view(), name="accept-invitation"),
    path("attachments/upload/", UploadView.as_view(), name="upload"),
    path("", include(router.urls)),
    *tracker.api_urlpatterns,
    # Answers all other paths. Otherwise Django would redirect to the URL with a slash, and DEBUG would show a page.
    re_path("", csrf_exempt(login_not_required(not_found))),
]
