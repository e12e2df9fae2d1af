"""Templates escape what they are given, and refuse what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from photochrom.web.templates import templates


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with three templates."""
    folder = tmp_path / "package_with_pages"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "templates" / "text.html").write_text('<p title="{{ text }}">{{ text }}</p>\n')
    (folder / "templates" / "data.html").write_text("<script>{{ data|tojson }}</script>")
    (folder / "templates" / "list.html").write_text(
        "<ul>\n{% for x in all %}\n<li>{{ x }}</li>\n{% endfor %}\n</ul>"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, folder.name, raising=False)
    return folder.name


def test_values_are_text_unless_they_are_markup(package: str) -> None:
    page = templates(package).get_template("text.html")
    assert page.render(text="\"'<b>&") == '<p title="&#34;&#39;&lt;b&gt;&amp;">&#34;&#39;&lt;b&gt;&amp;</p>\n'
    assert page.render(text=Markup("<b>")) == '<p title="<b>"><b></p>\n'


def test_data_cannot_end_its_element_and_keeps_its_order(package: str) -> None:
    page = templates(package).get_template("data.html")
    shown = page.render(data={"z": "</script><!--&'", "a": "é"})
    assert shown == '<script>{"z":"\\u003c/script\\u003e\\u003c!--\\u0026\\u0027","a":"é"}</script>'
    with pytest.raises(ValueError, match="JSON compliant"):
        page.render(data=[float("nan")])


def test_a_missing_name_is_an_error_and_statements_leave_no_lines(package: str) -> None:
    pages = templates(package)
    with pytest.raises(UndefinedError, match="'text' is undefined"):
        pages.get_template("text.html").render()
    assert pages.get_template("list.html").render(all=[1, 2]) == "<ul>\n<li>1</li>\n<li>2</li>\n</ul>"
