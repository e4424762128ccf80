"""The settings of tests, with the URLs of the sample app, for `DJANGO_SETTINGS_MODULE` of a web process."""

from tests.settings import *  # noqa: F403
from tests.settings import TENANCY

TENANCY["VARIANTS"]["standard"]["URLCONF"] = "tests.sample.urls"
