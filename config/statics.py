"""Where style sheets, scripts and pictures are, under names that change with what is in them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's, with the names that our modules import each other by: without it they would be kept too long."""

    support_js_module_import_aggregation = True
