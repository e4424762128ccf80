from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "benchmarks.peers.schemas.customers"
