"""`{% load icons %}`: the icons of heroicons."""

from functools import cache
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, Parser, TextNode, Token
from django.utils.safestring import SafeString
from heroicons.templatetags.heroicons import heroicon_micro, heroicon_outline

STYLES = {"micro": heroicon_micro, "outline": heroicon_outline}

register = template.Library()


@register.tag
def icon(parser: Parser, token: Token) -> Node:
    """An icon of 16 pixels, as in `{% icon "check" size=12 %}`. Options are constants: size, style and class.

    The SVG of an icon that is named by a constant becomes a text of the compiled template.
    """
    _tag, name, *options = token.split_contents()
    pairs = (option.partition("=") for option in options)
    given = {option: _constant(parser.compile_filter(value)) for option, _equals, value in pairs}
    expression = parser.compile_filter(name)
    if expression.is_var:
        return IconNode(expression, given)
    return TextNode(svg(_constant(expression), **given))


class IconNode(Node):
    """An icon whose name is a variable."""

    def __init__(self, name: FilterExpression, options: dict[str, Any]) -> None:
        self.name, self.options = name, options

    def render(self, context: template.Context) -> SafeString:
        return svg(str(self.name.resolve(context)), **self.options)


@cache  # the names are in templates: there are some dozens
def svg(name: str, *, size: int = 16, style: str = "micro", **attributes: str) -> SafeString:
    """Return the SVG of an icon. Raises heroicons.IconDoesNotExist."""
    return SafeString(STYLES[style](name, size=size, **attributes))


def _constant(expression: FilterExpression) -> Any:
    return expression.resolve(template.Context())
