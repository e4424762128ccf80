from django.apps import AppConfig


class MultitenantConfig(AppConfig):
    name = "benchmarks.peers.multitenant"
    label = "tasks"
