"""The papers of a case, as PDF: one module and one template each, found by themselves.

A module here that has a ``PAPER`` is one: its address, its links on the pages of the case and its tests come
from this register.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from flask_babel import gettext as _

from matcher.ground.errors import NotFound
from webapp.papers.paper import Ask, Paper


def _found() -> dict[str, Paper]:
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    papers: list[Paper] = [module.PAPER for module in modules if hasattr(module, "PAPER")]
    return {paper.name: paper for paper in sorted(papers, key=lambda paper: paper.place)}


#: name → paper, in the order in which they are listed
PAPERS: Final[Mapping[str, Paper]] = _found()
#: kind of document → name of the paper that prints its versions
PRINTS: Final[Mapping[str, str]] = {paper.prints: paper.name for paper in PAPERS.values() if paper.prints}


def available(ask: Ask) -> dict[str, str]:
    """name → title of the papers that the records of the case can fill now."""
    return {paper.name: str(paper.title) for paper in PAPERS.values() if paper.is_ready(ask)}


def make(ask: Ask, name: str) -> tuple[str, str, dict[str, Any]]:
    """(file name, template, facts) of a paper.

    Raises:
        NotFound: the records cannot fill it, or there is no such version.
    """
    paper = PAPERS[name]
    if not paper.is_ready(ask) or (ask.number is not None and not paper.prints):
        raise NotFound("paper")
    facts = {"title": str(paper.title), **paper.facts(ask)}
    edition = ""
    if paper.prints:
        words = _("第%(number)s版（%(state)s）", number=facts["document"].number, state=facts["state"])
        edition = f"_{words}"
    return f"{ask.case.number}_{facts['title']}{edition}", paper.template or f"{name}.html", facts


__all__ = ["PAPERS", "PRINTS", "Ask", "Paper", "available", "make"]
