from django.apps import AppConfig


class SharedConfig(AppConfig):
    """Only for its templates."""

    name = "benchmarks.peers.shared"
