"""A small app that draws every component once, for looking at and for testing; not part of the product."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, render_template, request
from flask_babel import Babel
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import NotFound
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length

from matcher.ground.lifecycle import STATES
from webapp import card_text, context, filters

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
CSP = (
    "default-src 'none'; script-src 'self' 'nonce-gallery'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class NeedForm(FlaskForm):
    """One field of every kind."""

    title = StringField("ひとことで言うと", [InputRequired("困っていることをひとことで書いてください。")])
    situation = TextAreaField("いまの状況", [InputRequired("いまの状況を書いてください。"), Length(max=400)])
    support_type = SelectField("ほしい支援", choices={"goods": "物品・食材", "people": "人手"})
    quantity = DecimalField("量", [InputRequired("量を数字で書いてください。")])
    period_from = DateField("いつから", format="%Y-%m-%d")
    repeat = RadioField(
        "続け方",
        [InputRequired("続け方をひとつ選んでください。")],
        choices={"once": "1回だけ", "continuing": "続けて（1年以内）", "multi_year": "複数年"},
    )
    areas = SelectMultipleField(
        "活動する地域",
        choices={"minato": "港", "mizuhodai": "みずほ台", "kawabata": "川端", "hama": "浜"},
    )
    email = EmailField("連絡先のメールアドレス")
    agreed = BooleanField(
        "利用者の個人情報を書いていないことを確かめました", [InputRequired("確かめてください。")]
    )
    idempotency_key = HiddenField(default="6f0c2f2e")
    version = HiddenField(default="3")


class WordsForm(FlaskForm):
    """Words to look for."""

    q = StringField("ことば", default="食堂")


REASONS = [
    {
        "code": "quote",
        "mark": "○",
        "says": "quote_close",
        "company": "出荷できない規格外の野菜を、毎週ひとコンテナほどお渡しできます。",
        "npo": "毎週水曜の夕食づくりに使う野菜と米が、いつも足りません。",
    },
    {"code": "support", "mark": "○", "says": "support_wanted", "wanted": "food", "given": "food"},
    {"code": "quantity", "mark": "△", "says": "quantity_part", "offered": 20, "needed": 50, "unit": "kg"},
    {"code": "check", "mark": "△", "says": "check_company", "conditions": ["冷蔵車を自ら用意できること。"]},
    {"code": "improve", "mark": "", "says": "combine"},
]
EVENTS = [
    {
        "at": datetime(2026, 11, 20, 5, 32, tzinfo=UTC),
        "who": "澪原青果株式会社　三上さん",
        "text": "申し出を送りました",
        "reason": "",
        "detail": "毎週水曜の午後3時までにお届けできます。\n量は季節で変わります。",
    },
    {
        "at": datetime(2026, 11, 18, 0, 5, tzinfo=UTC),
        "who": "市民協働推進課　大野",
        "text": "ニーズを差し戻しました",
        "reason": "量がはっきりしない",
        "detail": "",
    },
    {
        "at": datetime(2026, 11, 17, 2, 0, tzinfo=UTC),
        "who": "子ども食堂 ひだまりの会",
        "text": "ニーズを送りました",
        "reason": "",
        "detail": "",
    },
]
QUEUES = [
    ("団体・企業の確認", 4, date(2026, 11, 17), "submitted"),
    ("ニーズの確認", 7, date(2026, 11, 20), "submitted"),
    ("協働の承認", 2, date(2026, 11, 22), "verified"),
    ("動きが止まっている案件", 3, date(2026, 10, 23), "suspended"),
]
TASKS = [
    {
        "title": "子ども食堂 ひだまりの会が返事を待っています",
        "text": "野菜の受け取り方法について質問があります。",
        "until": date(2026, 11, 26),
        "url": "#",
        "label": "返事をする",
    },
    {"title": "面談の記録を書く", "text": "", "until": date(2026, 12, 4), "url": "#", "label": "記録を書く"},
    {"title": "プロフィールがあと2項目です", "text": "", "until": None, "url": "#", "label": "続きを書く"},
]


def create_gallery() -> Flask:
    """The gallery at ``/``, its refused form at ``/?refused=1``, a wizard page at ``/wizard``."""
    app = Flask(
        __name__, static_folder=str(ROOT / "webapp/static"), template_folder=str(ROOT / "webapp/templates")
    )
    app.config.update(SECRET_KEY="gallery", BABEL_DEFAULT_LOCALE="ja", TESTING=True)
    loaders = [FileSystemLoader(ROOT / "webapp/templates"), FileSystemLoader(ROOT / "tests/web/templates")]
    app.jinja_loader = ChoiceLoader(loaders)  # type: ignore[assignment]
    Babel(app)
    CSRFProtect(app)
    filters.register(app)

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {
            **context.FRAME,
            "city": SimpleNamespace(
                name="澪原市",
                section="市民協働推進課",
                phone="0000-00-0000",
                email="kyodo@city.miohara.example",
                is_demo=True,
            ),
            "actor": SimpleNamespace(
                is_authenticated=True,
                name="三上",
                role="member",
                organization_kind="company",
                organization_name="澪原青果株式会社",
                elsewhere=(),
            ),
            "navigation": [
                {"label": "ホーム", "url": "/", "current": True, "count": 0},
                {"label": "おすすめの団体", "url": "#s", "current": False, "count": 5},
                {"label": "団体をさがす", "url": "#f", "current": False, "count": 0},
                {"label": "協働の案件", "url": "#c", "current": False, "count": 2},
                {"label": "提供メニュー", "url": "#o", "current": False, "count": 0},
                {"label": "会社の情報", "url": "#p", "current": False, "count": 0},
            ],
            "unread_notices": 3,
            "unread_elsewhere": {},
            "csp_nonce": "gallery",
            "browser_key": "",
            "home_url": "/",
            "worker_trouble": None,
            "language": "ja",
            "languages": {},
            "now": NOW,
        }

    def gallery() -> str:
        form = NeedForm(
            data={"situation": "<b>毎週水曜の夕食づくりに、野菜が足りません。</b>", "areas": ["minato"]}
        )
        if request.args.get("refused"):
            form = NeedForm(formdata=None, data={"title": ""})
            form.validate()
        return render_template(
            "gallery.html",
            form=form,
            filters_form=NeedForm(formdata=None, prefix="filter-"),
            search=WordsForm(formdata=None),
            told=card_text.told(REASONS),
            told_little=card_text.told(REASONS[1:]),
            events=EVENTS,
            queues=QUEUES,
            tasks=TASKS,
            states=STATES,
            page=int(request.args.get("page", 3)),
            sort=request.args.get("sort", "-age"),
            soon=date(2026, 11, 25),
            late=date(2026, 11, 20),
            later=date(2027, 3, 31),
        )

    def wizard() -> str:
        return render_template("gallery_wizard.html", form=NeedForm())

    def confirmed() -> str:
        return render_template("gallery_confirmed.html")

    def nowhere() -> str:
        raise NotFound

    app.add_url_rule("/", "gallery", gallery)
    app.add_url_rule("/wizard", "wizard", wizard)
    app.add_url_rule("/confirmed", "confirmed", confirmed)
    app.add_url_rule("/login", "account.login", nowhere)
    app.add_url_rule("/logout", "account.logout", nowhere, methods=["POST"])
    app.add_url_rule("/notices", "account.notices", nowhere)
    app.add_url_rule("/account", "account.settings", nowhere)
    app.add_url_rule("/about", "public.about", nowhere)
    app.add_url_rule("/privacy", "public.privacy", nowhere)

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP
        return response

    return app


if __name__ == "__main__":
    create_gallery().run(port=5099)
