"""HTML pages from Jinja2 templates that lie beside the code."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["templates"]


def templates(package: str) -> Environment:
    """The templates of a package, from its folder ``templates``.

    Every value is escaped (autoescape) unless it is `markupsafe.Markup`, and a name that is missing is an error.
    ``tojson`` keeps the order of keys and refuses NaN, which is no JSON.

    Parameters
    ----------
    package : its full name, such as ``photochrom.bench.page``
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {
        "sort_keys": False,
        "ensure_ascii": False,
        "allow_nan": False,
        "separators": (",", ":"),
    }
    return environment
