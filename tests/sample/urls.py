"""The pages and the API of the product, and the notes and their files."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from config.urls import tenant
from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from tests.sample.api import NoteFileUploadView, NoteFileViewSet, NoteViewSet

router = SimpleRouter()
router.register("note-files", NoteFileViewSet, basename="note-file")

urlpatterns = [
    path("api/v1/notes/<uuid:pk>/", NoteViewSet.as_view({"patch": "partial_update"})),
    path("api/v1/note-files/upload/", NoteFileUploadView.as_view()),
    path("api/v1/", include(router.urls)),
    *tenant.urlpatterns,
]
