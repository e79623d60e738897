"""お試しの計画, one version of it."""

from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.papers import version
from webapp.papers.paper import Paper

PAPER: Final = Paper(
    "trial", _l("お試しの計画"), 1, lambda ask: ask.has("trial"), lambda ask: version.facts(ask, "trial"),
    prints="trial",
)  # fmt: skip
