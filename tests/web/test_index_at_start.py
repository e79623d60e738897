"""A process reads what lists need when it starts: nobody's first list waits for it."""

import shutil

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from embeddings.encoder import load_encoder
from matcher.records import Organization
from matcher.suggestions import facts, suggest
from matcher.suggestions.encoding import OWNER_TYPES
from tests.conftest import NOW
from tests.services.test_suggestions import encode
from webapp import Settings, create_app, live


def test_what_was_read_at_the_start_is_not_read_for_the_first_list(lived_city, tmp_path, monkeypatch):
    shutil.copy(lived_city, tmp_path / "city.db")
    environment = {
        "VAR_FOLDER": str(tmp_path / "var"), "WORKER": "off", "DATABASE_URL": f"sqlite:///{tmp_path}/city.db",
        "DEMO_MODE": "true",
    }  # fmt: skip
    app = create_app(Settings.from_environment(environment))
    encode(app.extensions["database"], NOW, load_encoder())
    read = []
    kept = facts.Kept.read
    monkeypatch.setattr(
        facts.Kept, "read", lambda self, *args: read.append(self.owner_type) or kept(self, *args)
    )
    live.begin(app).join()
    assert sorted(read) == sorted(OWNER_TYPES)
    with app.app_context(), app.test_request_context():
        company = live.db.session().scalars(
            select(Organization)
            .where(Organization.kind == "company", Organization.state == "verified")
            .options(joinedload(Organization.company))
        )
        assert suggest.for_company(live.db.session(), live.index(), company.first())
    assert len(read) == len(OWNER_TYPES)
    app.extensions["database"].dispose()


def test_a_database_that_cannot_be_read_yet_stops_nothing(tmp_path):
    environment = {
        "VAR_FOLDER": str(tmp_path / "var"), "WORKER": "off", "DATABASE_URL": f"sqlite:///{tmp_path}/new.db",
    }  # fmt: skip
    app = create_app(Settings.from_environment(environment))
    live._read(app)
    assert not app.extensions["live_index"].is_ready
    app.extensions["database"].dispose()
