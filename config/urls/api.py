"""The REST API, on the host of every tenant and on the public one, where a token or header names the tenant."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.routers import SimpleRouter

from accounts.api import RefreshView, RevokeView, TokenView, VerifyView
from accounts.tokens_api import ApiTokenViewSet
from config.errors import not_found
from projects.api import ProjectViewSet
from tasks.api import SubtaskViewSet, TaskViewSet

app_name = "api"  # so that names like `task-detail` are not taken for pages

router = SimpleRouter()
router.register("projects", ProjectViewSet, basename="project")
router.register("tasks", TaskViewSet, basename="task")
router.register("subtasks", SubtaskViewSet, basename="subtask")
router.register("tokens", ApiTokenViewSet, basename="token")

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/token/", TokenView.as_view(), name="auth-token"),
    path("auth/token/refresh/", RefreshView.as_view(), name="auth-token-refresh"),
    path("auth/token/verify/", VerifyView.as_view(), name="auth-token-verify"),
    path("auth/token/revoke/", RevokeView.as_view(), name="auth-token-revoke"),
    path("", include(router.urls)),
    # What is left is answered here: Django would redirect to the URL with a slash, and DEBUG would show a page.
    re_path("", csrf_exempt(login_not_required(not_found))),
]
