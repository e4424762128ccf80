import pytest

from tenancy import routing


@pytest.fixture
def site(settings):
    """Put the views of `tests.tenancy.site` on every host."""
    settings.ROOT_URLCONF = "tests.tenancy.site"
    settings.TENANCY = {
        **settings.TENANCY,
        "VARIANTS": {
            name: {**variant, "URLCONF": "tests.tenancy.site"}
            for name, variant in settings.TENANCY["VARIANTS"].items()
        },
    }
    yield settings
    routing.forget_resolvers()


@pytest.fixture
def resolvers(site, resolvers):
    """Set the resolvers, with these views."""
    return resolvers
