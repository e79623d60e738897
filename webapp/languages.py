"""In which language somebody reads: Japanese, and every folder of ``translations/``.

A new language is a folder: ``translations/en/LC_MESSAGES/messages.mo``, made from ``messages.pot``
(``make words``). What people typed, names and papers stay as they are.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from babel import Locale
from flask import Flask, current_app, g, request
from flask_babel import Babel, Domain
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

JAPANESE: Final = "ja"
COOKIE: Final = "language"
FOLDER = Path(__file__).parent / "translations"
KEEP_SECONDS: Final = 365 * 24 * 3600


def init(app: Flask) -> None:
    """Attach the catalogues that are there; looked for once, when the service starts."""
    app.extensions["languages"] = (
        JAPANESE,
        *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.mo")),
    )
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(FOLDER)
    babel = Babel(app, default_locale=JAPANESE, default_timezone="Asia/Tokyo", locale_selector=chosen)
    words = babel.domain_instance = _Words()

    @pass_context
    def say(context: Context, text: str, /, **facts: Any) -> Any:
        said = words.get_translations().ugettext(text)
        if context.eval_ctx.autoescape:
            said = Markup(said)  # noqa: S704 – a template's own words; facts are escaped
        return said % facts if facts or "%" in said else said

    # As what Babel puts there, but for three calls through the context for each word.
    app.jinja_env.globals.update(gettext=say, _=say)
    app.context_processor(lambda: {"language": chosen(), "languages": offered()})


class _Words(Domain):  # type: ignore[misc]
    """Looks for the catalogue once a request: looked for at each of its hundreds of words, it took a fifth of
    a page.
    """

    def get_translations(self) -> Any:
        """The catalogue of who asks."""
        try:
            return g.catalogue
        except (AttributeError, RuntimeError):  # the first word, or one outside of any request
            found = super().get_translations()
        if g:
            g.catalogue = found
        return found


def chosen() -> str:
    """The language of who asks: as they chose, else as their browser says, else Japanese."""
    if "language" not in g:
        known = current_app.extensions["languages"]
        kept = request.cookies.get(COOKIE, "") if request else ""
        wanted = request.accept_languages.best_match(known, JAPANESE) if request else JAPANESE
        g.language = kept if kept in known else wanted
    language: str = g.language
    return language


def offered() -> dict[str, str]:
    """Code → name of each language in itself, to choose from; empty where there is only one."""
    known = current_app.extensions["languages"]
    return {code: str(Locale.parse(code).display_name) for code in known} if len(known) > 1 else {}


def labels(
    fileobj: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """The words of a module of labels and sentences, for the extraction of catalogues: every text that is no
    docstring and holds anything but ASCII (an extraction method of Babel).
    """
    del keywords, comment_tags, options  # Babel names them; nothing here depends on them
    tree = ast.parse(fileobj.read())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
        if isinstance(text, str) and not text.isascii():
            yield node.lineno, "gettext", text, []  # type: ignore[attr-defined]
