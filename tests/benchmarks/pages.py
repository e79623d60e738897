"""How much a suggestion page costs beside a plain database page: ``make bench``.

10,000 organizations (5,000 companies, 5,000 NPOs), 10,000 needs and 5,000 offers on SQLite, their texts made
from the demo texts by recombination of sentences, with a fixed seed. All pages are asked for in turn by
the same client in one run, so their ratios hold on any machine.
"""

import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from embeddings.encoder import load_e5
from matcher import migrations
from matcher.city import cities
from matcher.records import CompanyProfile, Embedding, Need, NpoProfile, Offer, Organization, User
from matcher.records.base import new_public_id
from matcher.register import folding
from matcher.suggestions import contextual
from matcher.suggestions.indexing import LiveIndex
from matcher.suggestions.measured import Remembered
from tests.factories import make_membership
from webapp import Settings, beforehand, clock, create_app
from webapp.cli_index import encode_all

SEED = 20261123
COMPANIES, NPOS, NEEDS, OFFERS = 5_000, 5_000, 10_000, 5_000
ROUNDS, WARMING = 40, 4
PLAIN, PLAIN_PATH, SUGGESTIONS_PATH = "plain list (20 needs)", "/company/needs", "/company/suggestions"


class Texts:
    """Texts recombined from the sentences of the demo city."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance = chance
        self.pool: dict[str, list[dict[str, object]]] = {}
        self.sentences: dict[str, list[str]] = {}
        for kind, keys in (
            ("companies", ("business", "csr_policy")),
            ("npos", ("mission", "activities")),
            ("needs", ("situation", "wanted_change")),
            ("offers", ("description", "conditions")),
        ):
            lines = (folder / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()
            self.pool[kind] = [json.loads(line) for line in lines]
            self.sentences[kind] = [
                sentence + "。"
                for facts in self.pool[kind]
                for key in keys
                for sentence in str(facts.get(key) or "").split("。")
                if len(sentence) > 8
            ]

    def text(self, kind: str, count: int) -> str:
        """``count`` sentences of one kind."""
        return "".join(self.chance.choices(self.sentences[kind], k=count))

    def facts(self, kind: str) -> dict[str, object]:
        """The codes of one demo record."""
        return self.chance.choice(self.pool[kind])


def fill(session, texts: Texts) -> None:
    """Insert all records in bulk."""
    now = clock.now()
    base = {"created_at": now, "updated_at": now, "version": 1}
    organizations, companies, npos = [], [], []
    for number in range(1, COMPANIES + NPOS + 1):
        kind = "company" if number <= COMPANIES else "npo"
        name = f"{'会社' if kind == 'company' else '団体'}{number}"
        organizations.append(
            base | {"id": number, "public_id": new_public_id(), "kind": kind, "state": "verified", "name": name,
                    "area": "chuo", "visibility": "public", "search_text": name}
        )  # fmt: skip
        if kind == "company":
            facts = texts.facts("companies")
            companies.append(
                {"organization_id": number, "business": texts.text("companies", 2), "no_go_fields": [],
                 "csr_policy": texts.text("companies", 3), "fields_undecided": False,
                 **{key: facts[key] for key in ("fields", "sdgs", "beneficiaries", "areas")},
                 "pro_bono_skills": [], "expected_returns": []}
            )  # fmt: skip
        else:
            facts = texts.facts("npos")
            npos.append(
                {"organization_id": number, "mission": texts.text("npos", 2), "disclosure": ["charter"],
                 "activities": texts.text("npos", 3),
                 **{key: facts[key] for key in ("fields", "sdgs", "beneficiaries", "areas")}}
            )  # fmt: skip
    session.execute(insert(Organization), organizations)
    session.execute(insert(CompanyProfile), companies)
    session.execute(insert(NpoProfile), npos)
    keys = ("title", "support_type", "quantity", "areas", "mode", "fields", "beneficiaries")
    for model, kind, count, first in ((Need, "needs", NEEDS, COMPANIES + 1), (Offer, "offers", OFFERS, 1)):
        rows = []
        for number in range(count):
            facts = texts.facts(kind)
            row = base | {
                "public_id": new_public_id(),
                # The company that asks has four offers, as many as the busiest of the demo city.
                "organization_id": 7
                if kind == "offers" and number < 3
                else first + number % (NPOS if kind == "needs" else COMPANIES),
                "number": f"{kind}-{number}",
                "state": "open",
                "unit": facts.get("unit") or "",
                "sdgs": facts.get("sdgs", []),
                "skills": [],
                "valid_until": now.date() + timedelta(days=90 + number % 100),
                "published_at": now - timedelta(minutes=number),
                **{key: facts[key] for key in keys},
            }
            if kind == "needs":
                row |= {
                    "situation": texts.text(kind, 3),
                    "wanted_change": texts.text(kind, 1),
                    "also_welcome": facts["also_welcome"],
                }
                row["search_text"] = folding.fold(f"{row['title']}\n{row['situation']}")
            else:
                row["description"] = texts.text(kind, 3)
                row["search_text"] = folding.fold(f"{row['title']}\n{row['description']}")
            rows.append(row)
        session.execute(insert(model), rows)


def read_in_context(database) -> None:
    """Give every text vectors of the sentence encoder: of each different sentence its own, of a text their middle.

    To read 25,000 texts one by one takes hours; that a text lies in the middle of its sentences is nearly so.
    """
    with database.read() as session:
        rows = session.execute(select(Embedding.text_sha256, Embedding.sentences)).all()
    sentences = sorted({sentence for _digest, said in rows for sentence in said})
    encoder = load_e5()
    vectors = encoder.encode(sentences, "query")
    place = {sentence: row for row, sentence in enumerate(sentences)}
    known = {}
    for digest, said in rows:
        chosen = vectors[[place[sentence] for sentence in said]]
        whole = chosen.sum(axis=0)
        whole /= max(float(np.linalg.norm(whole)), 1e-9)
        known[digest] = (whole.astype(np.float16).tobytes(), chosen.astype(np.float16).tobytes())
    contextual.begin(database, encoder.model_id)
    contextual.fill_known(database, encoder.model_id, known)


def sign_in(app, database) -> FlaskClient:
    """A browser of a new member of a company with an ordinary number of offers."""
    from matcher.people import sessions

    with database.write() as session:
        user = User(
            email=f"{new_public_id()}@people.example", name="計測", role="member", status="active", created_at=clock.now(),
            memberships=[],
        )  # fmt: skip
        session.add(user)
        make_membership(session, user, session.get_one(Organization, 7), now=clock.now())
        cookie = sessions.start_session(session, user, clock.now())
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"], held["_fresh"] = cookie, True
    return client


@dataclass
class Cost:
    """What the pages of one kind cost, each: milliseconds on the clock, and of processor with what it leaves to be
    written.
    """

    size: int = 0
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def measure(app: Flask, client: FlaskClient) -> dict[str, Cost]:
    """Each page, asked for in turn."""
    live_index, traces = app.extensions["live_index"], app.extensions["traces"]
    measuring = app.extensions["beforehand"] = beforehand.Beforehand(app)

    def come_home() -> None:
        forget(live_index)
        measuring._done.clear()
        client.get("/company").close()
        with measuring._busy:  # until it is measured
            traces.flush()

    ways = {
        PLAIN: (PLAIN_PATH, lambda: None),
        "suggestions, anew": (SUGGESTIONS_PATH, lambda: forget(live_index)),
        "suggestions, after the home page": (SUGGESTIONS_PATH, come_home),
        "suggestions, kept": (SUGGESTIONS_PATH, lambda: None),
    }
    found = {name: Cost() for name in ways}
    for number in range(ROUNDS + WARMING):
        for name, (path, prepare) in ways.items():
            prepare()
            started, worked = time.perf_counter(), time.process_time()
            response = client.get(path)
            wall = time.perf_counter() - started
            traces.flush()
            processor = time.process_time() - worked
            assert response.status_code == 200
            found[name].size = len(response.data)
            if number >= WARMING:
                found[name].wall.append(wall * 1000)
                found[name].processor.append(processor * 1000)
    return found


def forget(index: LiveIndex) -> None:
    """Let go of what was measured for those who asked."""
    for kept in index._kept.values():
        kept.table = replace(kept.table, measured=Remembered())


def main() -> None:
    """Fill, encode, measure, print a Markdown table. A folder may be named in which the city is kept."""
    with tempfile.TemporaryDirectory() as passing:
        settings = Settings.from_environment({"VAR_FOLDER": (sys.argv[1:] or [passing])[0], "WORKER": "off"})
        app = create_app(settings)
        database = app.extensions["database"]
        migrations.upgrade(database)
        with database.read() as session:
            is_filled = session.scalar(select(func.count()).select_from(Need)) == NEEDS
        if not is_filled:
            with database.write() as session:
                facts = json.loads(Path("seed_data/city.json").read_text(encoding="utf-8"))["municipality"]
                cities.put(session, facts, is_demo=False)
                fill(session, Texts(Path("seed_data"), random.Random(SEED)))
            started = time.perf_counter()
            count = encode_all(database, settings)
            encoded = time.perf_counter() - started
            print(f"encoded {count:,} texts in {encoded:.0f} s ({count / encoded:,.0f} a second)")
            read_in_context(database)
        client = sign_in(app, database)
        started = time.perf_counter()
        client.get(SUGGESTIONS_PATH)
        print(
            f"first page of a fresh process, index read from the database: {time.perf_counter() - started:.1f} s"
        )
        found = measure(app, client)
        with database.read() as session:
            offers = session.scalar(select(func.count()).select_from(Offer).where(Offer.organization_id == 7))
        held = memory(app.extensions["live_index"])
    report(found, offers)
    print(
        f"\nmemory of the index, both vectors, words, facts and sentences, in bytes an organization: {held:,.0f}"
    )


def memory(live) -> float:
    """Bytes an organization of what a process holds: all that is in arrays."""
    shelves = live.shelves.values()
    held = sum(shelf.vectors.nbytes + shelf.words.nbytes for shelf in shelves)
    held += sum(shelf.contextual.nbytes for shelf in shelves if shelf.contextual is not None)
    tables = [kept.table for kept in live._kept.values()]
    said = sum(one.said.codes.nbytes + 3 * one.said.scales.nbytes for one in tables)
    places = sum(values.nbytes for one in tables for values in one.places.values())
    print(
        f"of which sentences as bytes {said / (COMPANIES + NPOS):,.0f}, facts {places / (COMPANIES + NPOS):,.0f}"
    )
    return (held + said + places) / (COMPANIES + NPOS)


def report(found: dict[str, Cost], offers: int) -> None:
    """Print what was measured."""
    print(
        f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {sys.platform}, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print(f"sizes: {COMPANIES + NPOS:,} organizations, {NEEDS:,} needs, {OFFERS:,} offers; seed {SEED}")
    print(f"the asking company has {offers} offer(s); {ROUNDS} rounds, pages in turn\n")
    print("| Page | bytes | wall ms | processor ms | ratio, wall | ratio, processor | p95 | per byte |")
    print("|---|---|---|---|---|---|---|---|")
    plain = found[PLAIN]
    for name, cost in found.items():
        wall, processor = (
            sorted(x / y for x, y in zip(mine, theirs, strict=True))
            for mine, theirs in ((cost.wall, plain.wall), (cost.processor, plain.processor))
        )
        middle, p95 = statistics.median(processor), processor[int(len(processor) * 0.95)]
        print(
            f"| {name} | {cost.size:,} | {statistics.median(cost.wall):.1f} | {statistics.median(cost.processor):.1f} "
            f"| {statistics.median(wall):.2f} | {middle:.2f} | {p95:.2f} | {middle * plain.size / cost.size:.2f} |"
        )


if __name__ == "__main__":
    main()
