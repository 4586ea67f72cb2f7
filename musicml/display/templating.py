"""The HTML, CSS and JavaScript files beside the code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


def fill(name: str, **values: Any) -> str:
    """Fill a template; every value is escaped unless the template marks it as HTML.

    Args:
        name: a file in musicml/display/templates.
        values: what the template names.
    """
    return _environment().get_template(name).render(**values)


@cache
def asset(name: str) -> str:
    """The text of a file in musicml/display/templates."""
    return (files("musicml.display") / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(asset), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=False
    )
