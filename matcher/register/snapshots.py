"""Records as plain JSON facts, for revisions and frozen decisions: everything but personal data."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect

from matcher.records import Base, Need, Offer, Organization, ShownSuggestion

_SKIPPED = frozenset({"id", "search_text", "organization_id", "shown_list_id", "quiet_told_at"})


def facts_of(record: Base) -> dict[str, Any]:
    """All columns of one record as JSON values, without internal keys and personal data."""
    result: dict[str, Any] = {}
    for column in inspect(type(record)).columns:
        name = column.key
        if name in _SKIPPED or (name.endswith("_id") and name != "public_id") or column.info.get("pii"):
            continue
        result[name] = _json(getattr(record, name))
    return result


def organization(record: Organization) -> dict[str, Any]:
    """An organization with its profile (both must be loaded)."""
    profile = record.company if record.kind == "company" else record.npo
    return facts_of(record) | {"profile": facts_of(profile) if profile is not None else None}


def posting(record: Need | Offer | None) -> dict[str, Any] | None:
    """A need or an offer, ``None`` where the case has none."""
    return None if record is None else facts_of(record)


def suggestion(record: ShownSuggestion | None) -> dict[str, Any] | None:
    """A suggestion as it was shown: rank, score, parts, reasons, model, index and weights."""
    if record is None:
        return None
    shown = record.shown_list
    return facts_of(record) | {
        "shown_at": _json(shown.shown_at),
        "model_id": shown.model_id,
        "index_version": shown.index_version,
        "weights_version": shown.weights_version,
        "filters": shown.filters,
    }


def terms(value: Any) -> dict[str, Any]:
    """The terms of a proposal (a dataclass) as JSON values."""
    return {key: _json(part) for key, part in asdict(value).items()}


def plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with dates as ISO text, and tuples as lists: what JSON gives back unchanged."""
    found: dict[str, Any] = json.loads(json.dumps(content, ensure_ascii=False, default=_json))
    return found


def canonical(content: dict[str, Any]) -> bytes:
    """The canonical JSON text (keys sorted, no spaces, UTF-8): what is hashed, and what is downloaded."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: dict[str, Any]) -> str:
    """The hash of the canonical JSON text, so that ``sha256sum`` of the downloaded file gives the same."""
    return hashlib.sha256(canonical(content)).hexdigest()


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
