"""The name of the product is defined once."""

import tomllib
from pathlib import Path

from config import product

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "config", "frontend", "projects", "tasks", "tenancy")
FOLDERS = (*PACKAGES, ".ci", ".github", "benchmarks", "docker", "examples")
FILES = ("Dockerfile", "Makefile", "docker-compose.yml", "manage.py", ".env.example")
# {path: why the name is repeated there}. README, CHANGELOG, docs, LICENSE, pyproject.toml and tests may repeat it.
MAY_REPEAT = {
    "config/product.py": "defines it",
    "config/openapi.json": "is generated: `make openapi`",
    "Dockerfile": "names the bucket of the trial",
    "docker-compose.yml": "names the database, the roles and the bucket of the trial",
    "tenancy/postgresql/roles.sql": "has the default of a variable of psql",
    "examples/live.py": "is a client, which imports nothing of the server",
}


def test_project_metadata_has_the_short_name():
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert metadata["project"]["name"] == product.SLUG == product.NAME.casefold()


def test_code_and_templates_do_not_repeat_the_name():
    inside = [path for name in FOLDERS for path in (ROOT / name).rglob("*") if "__pycache__" not in path.parts]
    paths = [path for path in (*inside, *(ROOT / name for name in FILES)) if path.is_file()]
    repeated = {str(path.relative_to(ROOT)) for path in paths if _text(path).count(product.SLUG)}

    assert repeated == set(MAY_REPEAT), (
        "Import config.product, read settings.PRODUCT_NAME or settings.TENANCY, or write {{ product }} in a template. "
        "Remove an entry of MAY_REPEAT that is out of date."
    )


def _text(path: Path) -> str:
    """Return the text of a file in lower case. Bytes of images are no text."""
    return path.read_bytes().decode(errors="ignore").casefold()
