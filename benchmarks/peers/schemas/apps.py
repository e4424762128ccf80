from django.apps import AppConfig


class SchemasConfig(AppConfig):
    name = "benchmarks.peers.schemas"
    label = "tasks"
