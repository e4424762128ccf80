"""`collectstatic` gives files names that change with their content, and modules import each other by these names."""

import re

from django.core.management import call_command


def test_modules_import_each_other_by_names_with_a_hash(tmp_path, settings):
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "config.statics.StaticFiles"}}
    settings.STATIC_ROOT = tmp_path
    others = ["admin", "django_htmx", "drf_spectacular_sidecar", "rest_framework"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=others)
    modules = list((tmp_path / "frontend").rglob("*.[0-9a-f]*.js"))
    imports = [
        (module, name)
        for module in modules
        for name in re.findall(r'(?:from|import) ?"(\.[^"]+)"', module.read_text())
    ]
    assert any(name.startswith("../") for _module, name in imports)
    assert [name for module, name in imports if (module.parent / name).resolve() not in modules] == []
