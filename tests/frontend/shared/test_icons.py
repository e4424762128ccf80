"""`{% icon %}`: the SVG of an icon, which is part of the compiled template when a constant names it."""

import pytest
from django.template import Context, Template
from django.template.base import TextNode
from heroicons import IconDoesNotExist


def rendered(text, **context):
    return Template("{% load icons %}" + text).render(Context(context))


def test_constant_becomes_a_text_of_the_template():
    template = Template('{% load icons %}{% icon "check" size=12 %}')
    assert isinstance(template.nodelist[-1], TextNode)
    assert 'width="12" height="12"' in template.render(Context())


def test_variable_renders_the_same_icon_as_a_constant():
    assert rendered('{% icon name style="outline" class="icon" %}', name="inbox") == rendered(
        '{% icon "inbox" style="outline" class="icon" %}'
    )


def test_icon_is_hidden_from_screen_readers():
    assert 'aria-hidden="true"' in rendered('{% icon "check" %}')


def test_unknown_icon_is_an_error_of_the_template():
    with pytest.raises(IconDoesNotExist):
        Template('{% load icons %}{% icon "no-such-icon" %}')
