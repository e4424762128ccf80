"""The name of the product is defined once."""

import tomllib
from pathlib import Path

from config import product

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "config", "frontend", "projects", "tasks", "tenancy")
MAY_REPEAT = {
    "config/product.py": "defines it",
    "config/trial.py": "lists the passwords that docker-compose.yml publishes",
    "accounts/emails/user_emails.py": "sentences",
}


def test_project_metadata_has_the_short_name():
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert metadata["project"]["name"] == product.SLUG == product.NAME.casefold()


def test_python_of_the_product_does_not_repeat_the_name():
    paths = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    repeated = {str(path.relative_to(ROOT)) for path in paths if product.SLUG in path.read_text().casefold()}

    assert repeated <= set(MAY_REPEAT), "Import config.product, or read settings.PRODUCT_NAME or settings.TENANCY."
