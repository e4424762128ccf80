"""Static files with names that contain a hash of their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage, which also rewrites imports of JavaScript modules, so that no cache serves old ones."""

    support_js_module_import_aggregation = True
