"""A tenant's host in the `roadmap` variant: the standard pages and a public roadmap."""

from django.urls import path

from config.urls import tenant
from config.urls.errors import handler400, handler403, handler404, handler500  # noqa: F401
from frontend.roadmap import views

urlpatterns = [
    path("roadmap/", views.index, name="roadmap"),
    path("projects/<project_key:key>/roadmap/", views.switch, name="switch_roadmap"),
    *tenant.urlpatterns,
]
