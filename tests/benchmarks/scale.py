"""The whole of Japan on one machine: part of ``make bench``.

50,000 NPOs with a need each and 1,000,000 companies on SQLite. Their texts are three sentences each, recombined
from the demo texts with a fixed seed; the vector of such a text is added up from those of its sentences,
as the model itself adds words up (a word that two of the sentences share counts a little more than there).
The pages, the index and its snapshots are those of the product; both pages are asked for in turn by the same
client in one run, so their ratio holds on any machine.
"""

import argparse
import hashlib
import itertools
import json
import os
import platform
import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert, select

from embeddings import text as texts
from embeddings.encoder import load_encoder
from embeddings.index import VectorIndex
from matcher import migrations
from matcher.city import cities
from matcher.people import sessions
from matcher.records import CompanyProfile, Embedding, Need, NpoProfile, Offer, Organization, User
from matcher.records.base import new_public_id
from matcher.register import findable, numbers
from matcher.suggestions import encoding, indexing
from tests.benchmarks.pages import Texts
from tests.factories import make_membership
from webapp import Settings, clock, create_app

SEED = 20261123
CHUNK = 20_000
ROUNDS = 100
KINDS = {"company": "companies", "npo": "npos", "need": "needs", "offer": "offers"}


class Pool:
    """The sentences of one kind of text, each encoded once: words, unit vector, and what it adds to a text."""

    def __init__(self, encoder, sentences: list[str]) -> None:
        self.sentences = sentences
        table = encoder._model[0]
        weights = np.array(
            [sum(weight for _row, weight in table.bag(texts.for_embedding(s))) for s in sentences]
        )
        units = encoder.encode(sentences)
        plain = table(table.preprocess([texts.for_embedding(s) for s in sentences]))["sentence_embedding"]
        norms = np.linalg.norm(plain.detach().numpy(), axis=1)
        self.added = units * (weights * norms)[:, None].astype(np.float32)
        self.halves = [unit.astype(np.float16).tobytes() for unit in units]
        self.said = [json.dumps(sentence, ensure_ascii=False) for sentence in sentences]
        self.words = [json.dumps(_counted(texts.words(s)), ensure_ascii=False) for s in sentences]

    def vectors(self, picks: np.ndarray) -> np.ndarray:
        """(n, 3) places of sentences → (n, d) unit vectors of the texts."""
        sums = self.added[picks].sum(axis=1)
        return (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)).astype(np.float32)


def _counted(words: list[str]) -> dict[str, int]:
    return {word: words.count(word) for word in words}


def fill(database, encoder, companies: int, npos: int, offers: int) -> dict[str, float]:
    """Insert everything in bulk; returns seconds by step."""
    chance, source = np.random.default_rng(SEED), Texts(Path("seed_data"), random.Random(SEED))
    pools = {kind: Pool(encoder, sorted(set(source.sentences[name]))) for kind, name in KINDS.items()}
    counts = {"company": companies, "npo": npos, "need": npos, "offer": offers}
    picks = {kind: chance.integers(0, len(pools[kind].sentences), (counts[kind], 3)) for kind in KINDS}
    started = time.perf_counter()
    for kind in ("company", "npo"):
        first = 1 if kind == "company" else companies + 1
        for start in range(0, counts[kind], CHUNK):
            _organizations(database, kind, first, start, picks[kind], pools[kind], source)
    for kind in ("need", "offer"):
        for start in range(0, counts[kind], CHUNK):
            _postings(database, kind, start, picks[kind], pools[kind], source, companies)
    rows = time.perf_counter() - started
    started = time.perf_counter()
    version = 0
    for kind in KINDS:
        first = companies + 1 if kind == "npo" else 1
        for start in range(0, counts[kind], CHUNK):
            version += 1
            _embeddings(database, encoder.model_id, kind, first, start, picks[kind], pools[kind], version)
    with database.write() as session:
        row = numbers.counter(session, "index")
        row.text, row.value = encoder.model_id, version
    return {"rows": rows, "vectors": time.perf_counter() - started}


def _text(pool: Pool, three: np.ndarray) -> str:
    return "".join(pool.sentences[place] for place in three)


def _organizations(database, kind, first, start, picks, pool, source) -> None:
    now = clock.now()
    facts = [source.facts(KINDS[kind]) for _ in range(200)]
    organizations, profiles = [], []
    for offset, three in enumerate(picks[start : start + CHUNK], start=start):
        number, known = first + offset, facts[offset % 200]
        organizations.append(
            {"id": number, "public_id": new_public_id(), "kind": kind, "state": "verified", "version": 1,
             "name": f"{kind}{number}", "area": "chuo", "visibility": "public", "search_text": f"{kind}{number}",
             "created_at": now, "updated_at": now}
        )  # fmt: skip
        lists = {key: known[key] for key in ("fields", "sdgs", "beneficiaries", "areas")}
        text = {"business" if kind == "company" else "mission": _text(pool, three)}
        profiles.append({"organization_id": number, **lists, **text})
    with database.write() as session:
        session.execute(insert(Organization), organizations)
        session.execute(insert(CompanyProfile if kind == "company" else NpoProfile), profiles)


def _postings(database, kind, start, picks, pool, source, companies) -> None:
    now = clock.now()
    facts = [source.facts(KINDS[kind]) for _ in range(200)]
    rows = []
    for offset, three in enumerate(picks[start : start + CHUNK], start=start):
        known = facts[offset % 200]
        row = {
            "id": offset + 1, "public_id": new_public_id(), "version": 1, "created_at": now, "updated_at": now,
            "organization_id": offset + 1 + (companies if kind == "need" else 0), "number": f"{kind}-{offset}",
            "state": "open", "unit": known.get("unit") or "", "sdgs": known.get("sdgs", []), "skills": [],
            "valid_until": now.date() + timedelta(days=90 + offset % 100), "published_at": now,
            **{key: known[key] for key in ("title", "support_type", "quantity", "areas", "mode", "fields",
                                           "beneficiaries")},
            "search_text": str(known["title"]),
        }  # fmt: skip
        if kind == "need":
            row |= {"situation": _text(pool, three), "also_welcome": known["also_welcome"]}
        else:
            row["description"] = _text(pool, three)
        rows.append(row)
    with database.write() as session:
        session.execute(insert(Need if kind == "need" else Offer), rows)


def _embeddings(database, model_id, kind, first, start, picks, pool, version) -> None:
    three = picks[start : start + CHUNK]
    vectors = pool.vectors(three)
    rows = [
        (kind, first + start + place, model_id, version, True, hashlib.sha256(bytes(chosen)).hexdigest(),
         f"[{', '.join(pool.said[n] for n in chosen)}]", f"[{', '.join(pool.words[n] for n in chosen)}]",
         vectors[place].tobytes(), b"".join(pool.halves[n] for n in chosen))
        for place, chosen in enumerate(three)
    ]  # fmt: skip
    columns = "owner_type, owner_id, model_id, version, active, text_sha256, sentences, words, vector, sentence_vectors"
    connection = database.engine.raw_connection()
    connection.cursor().execute("BEGIN IMMEDIATE")
    connection.cursor().executemany(f"INSERT INTO embedding ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
    connection.cursor().execute("COMMIT")
    connection.close()


def sign_in(app, database, npo_id: int):
    """A browser of a director of one NPO."""
    with database.write() as session:
        user = User(
            email="bench@people.example", name="計測", role="member", status="active", created_at=clock.now(),
            memberships=[],
        )  # fmt: skip
        session.add(user)
        make_membership(session, user, session.get_one(Organization, npo_id), now=clock.now())
        cookie = sessions.start_session(session, user, clock.now())
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"], held["_fresh"] = cookie, True
    return client


def measure(client, suggestions: str, plain: str) -> tuple[list[float], list[float]]:
    """Seconds of both pages, asked for in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 5):
        for place, path in enumerate((suggestions, plain)):
            started = time.perf_counter()
            response = client.get(path)
            spent = time.perf_counter() - started
            assert response.status_code == 200, path
            if number >= 5:
                seconds[place].append(spent)
    return seconds


def recall(database, live, queries: int = 100, k: int = 50) -> tuple[float, float]:
    """recall@50 of the nearest companies of some needs against exact search, and its seconds a query."""
    with database.read() as session:
        rows = session.execute(
            select(Embedding.owner_id, Embedding.vector).where(Embedding.owner_type == "company")
            .execution_options(yield_per=10_000)
        )  # fmt: skip
        ids, parts = [], []
        for batch in rows.partitions(10_000):
            ids += [owner for owner, _vector in batch]
            parts.append(
                np.frombuffer(b"".join(v for _owner, v in batch), np.float32).reshape(len(batch), -1)
            )
        everything, numbers = np.vstack(parts), np.array(ids)
        asked = session.scalars(
            select(Embedding.vector).where(Embedding.owner_type == "need").limit(queries)
        ).all()
        found, spent = 0.0, 0.0
        shelf = live.shelves["company"]
        for vector in asked:
            query = np.frombuffer(vector, np.float32)
            cosines = everything @ query
            # What lies as near as the fiftieth is as right as it.
            worst = np.partition(cosines, -k)[-k]
            right = set(numbers[cosines >= worst - 1e-6].tolist())
            started = time.perf_counter()
            near = shelf.vectors.search(
                query, k, exact=lambda wanted: live.vectors_of(session, "company", wanted)
            )[0]
            spent += time.perf_counter() - started
            found += len(right & set(near.tolist())) / k
    return found / queries, spent / queries


def other_indexes(
    vectors: np.ndarray, queries: np.ndarray, k: int = 50
) -> list[tuple[str, float, float, float, float]]:
    """(name, ms a query, recall@50, bytes a vector, seconds to build) of indexes that were not taken."""
    import faiss

    faiss.omp_set_num_threads(1)
    dimensions, result = vectors.shape[1], []
    flat = faiss.IndexFlatIP(dimensions)
    flat.add(vectors)
    right = [set(flat.search(q[None, :], k)[1][0].tolist()) for q in queries]

    def row(name, search, size, built):
        started = time.perf_counter()
        found = [search(query) for query in queries]
        spent = (time.perf_counter() - started) / len(queries)
        share = statistics.mean(len(right[n] & set(ids)) / k for n, ids in enumerate(found))
        result.append((name, spent * 1000, share, size / len(vectors), built))

    row("exact, float32", lambda q: flat.search(q[None, :], k)[1][0].tolist(), vectors.nbytes, 0.0)
    ours = VectorIndex(dimensions, exact_up_to=0)
    started = time.perf_counter()
    ours.upsert(np.arange(len(vectors)), vectors)
    built = time.perf_counter() - started
    row("bytes, nearest compared again", lambda q: ours.search(q, k, exact=lambda ids: vectors[ids])[0].tolist(),
        ours.nbytes, built)  # fmt: skip
    started = time.perf_counter()
    quantizer = faiss.IndexFlatIP(dimensions)
    lists = faiss.IndexIVFFlat(quantizer, dimensions, 1024, faiss.METRIC_INNER_PRODUCT)
    lists.train(vectors[:60_000])
    lists.add(vectors)
    built = time.perf_counter() - started
    for probes in (32, 128, 512):
        lists.nprobe = probes
        row(f"IVF 1024, {probes} probes", lambda q: lists.search(q[None, :], k)[1][0].tolist(),
            vectors.nbytes + 8 * len(vectors), built)  # fmt: skip
    started = time.perf_counter()
    graph = faiss.IndexHNSWFlat(dimensions, 16, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = 80
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    graph.add(vectors)
    faiss.omp_set_num_threads(1)
    built = time.perf_counter() - started
    for reach in (64, 256):
        graph.hnsw.efSearch = reach
        row(f"HNSW 16, reach {reach}", lambda q: graph.search(q[None, :], k)[1][0].tolist(),
            vectors.nbytes + 4 * 2 * 16 * len(vectors), built)  # fmt: skip
    return result


def throughput(encoder) -> tuple[float, float]:
    """Texts a second: through our door, and by the library's own StaticEmbedding of the same size."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    source = Texts(Path("seed_data"), random.Random(SEED))
    said = [source.text("companies", 3) for _ in range(5000)]
    pieces = sorted({character for text in said for character in text})
    tokenizer = Tokenizer(models.WordLevel({piece: n for n, piece in enumerate(["[UNK]", *pieces])}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    static = SentenceTransformer(
        modules=[StaticEmbedding(tokenizer, embedding_dim=encoder.dimensions)], device="cpu"
    )
    rates = []
    for encode in (
        encoder.encode,
        lambda batch: static.encode(batch, batch_size=64, show_progress_bar=False),
    ):
        encode(said[:100])
        started = time.perf_counter()
        encode(said[100:])
        rates.append(len(said[100:]) / (time.perf_counter() - started))
    return rates[0], rates[1]


def restart(database, settings, index) -> None:
    """Read the index from the database, write its snapshot, and fill ``index`` from that, as after a restart."""
    first = indexing.LiveIndex(settings.index_folder)
    started = time.perf_counter()
    with database.read() as session:
        first.level(session)
    print(f"index from the database: {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    first.save_snapshot()
    print(f"snapshot written: {time.perf_counter() - started:.0f} s", flush=True)
    records = sum(len(shelf) for shelf in first.shelves.values())
    for name, held in (("vectors", "vectors"), ("words", "words")):
        size = sum(getattr(shelf, held).nbytes for shelf in first.shelves.values())
        print(f"{name}: {size / records:.0f} bytes a record ({records:,} records)")
    del first
    started = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with database.read() as session:
        index.level(session)
    print(f"index from its snapshot after a restart: {time.perf_counter() - started:.1f} s "
          f"(peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB, "
          f"before {before / 2**20:.1f})")  # fmt: skip
    size = sum(shelf.vectors.nbytes + shelf.words.nbytes for shelf in index.shelves.values())
    print(f"together: {size / records:.0f} bytes a record", flush=True)


def compare_indexes(database, encoder) -> None:
    """The kinds of index side by side, on the first 200,000 companies."""
    with database.read() as session:
        rows = session.scalars(
            select(Embedding.vector).where(Embedding.owner_type == "company").limit(200_000)
        )
        sample = np.frombuffer(b"".join(itertools.islice(rows, 200_000)), np.float32).reshape(
            -1, encoder.dimensions
        )
        asked = session.scalars(
            select(Embedding.vector).where(Embedding.owner_type == "need").limit(50)
        ).all()
    queries = np.stack([np.frombuffer(vector, np.float32) for vector in asked])
    print(
        f"\n| index of {len(sample):,} | ms a query | recall@50 | bytes a vector | built in s |\n|---|---|---|---|---|"
    )
    for name, ms, found, held, built in other_indexes(sample, queries):
        print(f"| {name} | {ms:.2f} | {found:.3f} | {held:.0f} | {built:.1f} |", flush=True)


def main() -> None:
    """Fill, restart, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=1_000_000)
    parser.add_argument("--npos", type=int, default=50_000)
    parser.add_argument("--offers", type=int, default=50_000)
    chosen = parser.parse_args()
    encoder = load_encoder()
    print(
        f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {sys.platform}"
    )
    print(f"sizes: {chosen.companies:,} companies, {chosen.npos:,} NPOs and needs, {chosen.offers:,} offers; "
          f"seed {SEED}; model {encoder.model_id}")  # fmt: skip
    ours, theirs = throughput(encoder)
    print(f"encoding, three sentences a text: {ours:,.0f} texts a second; the library's StaticEmbedding with one "
          f"token a character: {theirs:,.0f}; ratio {ours / theirs:.2f}", flush=True)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"VAR_FOLDER": folder, "WORKER": "off"})
        app = create_app(settings)
        database = app.extensions["database"]
        migrations.upgrade(database)
        with database.write() as session:
            city = json.loads(Path("seed_data/city.json").read_text(encoding="utf-8"))["municipality"]
            cities.put(session, city, is_demo=False)
        spent = fill(database, encoder, chosen.companies, chosen.npos, chosen.offers)
        print(f"filled: records {spent['rows']:.0f} s, vectors {spent['vectors']:.0f} s; "
              f"database {sum(p.stat().st_size for p in Path(folder).rglob('*.db*')) / 2**30:.1f} GiB", flush=True)  # fmt: skip
        restart(database, settings, app.extensions["live_index"])
        index = app.extensions["live_index"]
        share, seconds = recall(database, index)
        print(
            f"recall@50 of companies for 100 needs against exact search: {share:.4f}, {seconds * 1000:.1f} ms",
            flush=True,
        )
        with database.read() as session:
            need = session.get(Need, 7)
            npo_id, path = need.organization_id, f"/npo/needs/{need.public_id}/suggestions"
        client = sign_in(app, database, npo_id)
        pages = measure(client, path, "/npo/offers")
        for name, values in zip(("suggestions for a need", "plain list"), pages, strict=True):
            ordered = sorted(values)
            print(
                f"{name}: median {statistics.median(values) * 1000:.1f} ms, p95 {ordered[int(len(ordered) * 0.95)] * 1000:.1f} ms"
            )
        ratios = sorted(a / b for a, b in zip(*pages, strict=True))
        p95s = [sorted(values)[int(len(values) * 0.95)] for values in pages]
        print(f"ratio, pair by pair: median {statistics.median(ratios):.2f}, p95 {ratios[int(len(ratios) * 0.95)]:.2f}; "
              f"p95 against p95 {p95s[0] / p95s[1]:.2f}", flush=True)  # fmt: skip
        print(
            f"a changed profile is found in {visible(database, encoder, index):.0f} ms after it was encoded, by another process's index"
        )
        compare_indexes(database, encoder)


def visible(database, encoder, index) -> float:
    """Change one profile, encode it, and find it through an index that stood beside: ms of the next request."""
    with database.write() as session:
        company = session.get(Organization, 77)
        profile = session.get(CompanyProfile, 77)
        profile.business = "深海の蟹を観察する潜水艇を作っています。"
        findable.touch(session, company)
    encoding.encode_waiting(database, encoder, clock.now())
    started = time.perf_counter()
    with database.read() as session:
        index.level(session)
        query = encoder.encode([profile.business])[0]
        near = index.shelves["company"].vectors.search(
            query, 1, exact=lambda wanted: index.vectors_of(session, "company", wanted)
        )[0]
    assert near.tolist() == [77]
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
