from django.apps import AppConfig


class PlainConfig(AppConfig):
    name = "benchmarks.peers.plain"
    label = "tasks"
