from django.apps import AppConfig


class SampleConfig(AppConfig):
    """An app that uses each extension point of accounts once. It is installed in tests only."""

    name = "tests.sample"
