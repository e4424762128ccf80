from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "tenancy"

    def ready(self) -> None:
        from tenancy import checks  # noqa: F401  # registers the system checks
        from tenancy.routing import check_resolvers

        check_resolvers()
