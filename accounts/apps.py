from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        autodiscover_modules("extensions")

        from accounts.exports.archive import AccountExport
        from accounts.extensions import export_kinds

        export_kinds.register(AccountExport())
