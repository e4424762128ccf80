"""Templates of a variant override the common ones, for its tenants only."""

import pytest
from django.template import Context, Engine, TemplateDoesNotExist

from tenancy.context import tenant_context


@pytest.fixture
def engine(tmp_path):
    """An engine with the cached loader, two variants and a template of each kind."""
    files = {
        "variants/standard/page.html": "standard",
        "variants/roadmap/page.html": "{% extends 'base.html' %}{% block body %}roadmap{% endblock %}",
        "variants/roadmap/only.html": "only here",
        "secret.html": "secret",
        "common/page.html": "common",
        "common/base.html": "<{% block body %}{% endblock %}>",
        "common/outer.html": "{% include 'page.html' %}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    variant = ("tenancy.variants.VariantLoader", [tmp_path / "variants"])
    common = ("django.template.loaders.filesystem.Loader", [tmp_path / "common"])
    return Engine(loaders=[("tenancy.variants.CachedLoader", [variant, common])])


@pytest.fixture
def roadmap(globex):
    globex.variant = "roadmap"
    return globex


@pytest.mark.parametrize("page", ["page.html", "outer.html"])
def test_each_variant_renders_its_own_template(engine, acme, roadmap, page):
    def render():
        return engine.get_template(page).render(Context())

    for _ in range(3):
        with tenant_context(acme):
            assert render() == "standard"
        with tenant_context(roadmap):
            assert render() == "<roadmap>"
        assert render() == "common"


def test_a_template_of_one_variant_does_not_exist_in_another(engine, acme, roadmap):
    with tenant_context(roadmap):
        assert engine.get_template("only.html").render(Context()) == "only here"
    with tenant_context(acme), pytest.raises(TemplateDoesNotExist):
        engine.get_template("only.html")
    with tenant_context(roadmap):
        assert engine.get_template("only.html").render(Context()) == "only here"


@pytest.mark.parametrize(
    "name", ["../secret.html", "/etc/passwd", "roadmap/../../secret.html", "../roadmap/only.html"]
)
def test_a_name_cannot_leave_the_directory(engine, acme, name):
    with tenant_context(acme), pytest.raises(TemplateDoesNotExist):
        engine.get_template(name)
