"""The logic model of a plan: its entries column by column, their keys, and the arrows between them. Pure.

An entry keeps its key while its old line can be seen in it, so that arrows and indicators still point to it.
"""

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from embeddings.normal import nfkc
from matcher.ground import limits, vocabulary

#: From this likeness on (0 to 1, SequenceMatcher) a new line is an old one put right, and keeps its arrows.
LIKE: Final = 0.6
_COMPARED: Final = 3  #: old lines with which a new one is compared letter by letter


def columns(plan: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """kind → (key → text) of a plan's logic model.

    Until entries had keys of their own a column was a bare list of texts; there the key is kind and place.
    """
    found: dict[str, dict[str, str]] = {}
    for kind in vocabulary.LOGIC_KINDS:
        entries = (plan.get("logic") or {}).get(kind) or ()
        found[kind] = {
            f"{kind}{place}" if isinstance(entry, str) else entry["key"]: entry
            if isinstance(entry, str)
            else entry["text"]
            for place, entry in enumerate(entries)
        }
    return found


def nodes(plan: Mapping[str, Any]) -> dict[str, str]:
    """key → text of every entry of a plan's logic model, column by column."""
    return {key: text for column in columns(plan).values() for key, text in column.items()}


def kind_of(key: str) -> str:
    """The column in which the entry with this key stands."""
    return key.rstrip("0123456789")


def link_key(link: Mapping[str, str]) -> str:
    """What an arrow is called: there is one between two entries in one direction."""
    return f"{link['source']}-{link['target']}"


def leads_to(links: Iterable[Mapping[str, str]], start: str, end: str) -> bool:
    """Whether one comes from ``start`` to ``end`` along the arrows; also where both are the same."""
    arrows: dict[str, list[str]] = {}
    for link in links:
        arrows.setdefault(link["source"], []).append(link["target"])
    seen, ahead = {start}, [start]
    while ahead:
        found = [target for target in arrows.get(ahead.pop(), ()) if target not in seen]
        seen.update(found)
        ahead += found
    return end in seen


def keyed(lines: Mapping[str, Iterable[str]], plan: Mapping[str, Any], in_force: Mapping[str, Any]) -> Any:
    """The lines of each column with the keys that they had; a key that was ever used is not given again."""
    before, agreed = columns(plan), columns(in_force)
    found = {}
    for kind in vocabulary.LOGIC_KINDS:
        texts, old = list(lines.get(kind, ())), before[kind]
        keys = _matched(texts, old)
        number = 1 + max((_number(key) for key in (*old, *agreed[kind])), default=-1)
        for place, key in enumerate(keys):
            if key is None:
                keys[place], number = f"{kind}{number}", number + 1
        found[kind] = dict(zip(keys, texts, strict=True))
    if found == before and all(list(found[kind]) == list(before[kind]) for kind in found):
        return plan["logic"]  # Nothing has changed, so the text and its hash stay as they were.
    return {
        kind: [{"key": key, "text": text} for key, text in column.items()] for kind, column in found.items()
    }


def _matched(texts: list[str], old: Mapping[str, str]) -> list[str | None]:
    """For each line the key of the old line that says the same, else of the one most like it, else None."""
    free = dict(old)
    keys: list[str | None] = []
    for text in texts:
        same = next((key for key, was in free.items() if _folded(was) == _folded(text)), None)
        keys.append(same)
        if same is not None:
            del free[same]
    likeness = sorted(
        (-ratio, place, key)
        for place, taken in enumerate(keys)
        if taken is None
        for key, ratio in _alike(texts[place], free)
    )
    for negative, place, key in likeness:
        if -negative >= LIKE and keys[place] is None and key in free:
            keys[place] = key
            del free[key]
    return keys


def _alike(text: str, old: Mapping[str, str]) -> list[tuple[str, float]]:
    """The old lines that have most characters in common with a new one, with their likeness.

    Comparing two lines costs the product of their lengths, so it is done for a few and for no endless line.
    """
    new = _folded(text)
    lines = {key: line for key, was in old.items() if len(line := _folded(was)) <= 2 * limits.SHORT}
    if len(new) > 2 * limits.SHORT:
        return []
    pairs = [(key, SequenceMatcher(None, line, new, autojunk=False)) for key, line in lines.items()]
    pairs.sort(key=lambda one: -one[1].quick_ratio())
    return [(key, pair.ratio()) for key, pair in pairs[:_COMPARED] if pair.quick_ratio() >= LIKE]


def _folded(text: str) -> str:
    return "".join(nfkc(text).split())


def _number(key: str) -> int:
    return int(key.removeprefix(kind_of(key)) or 0)


def without_dangling(plan: dict[str, Any]) -> dict[str, Any]:
    """The plan without arrows from or to entries that are gone; their indicators belong to none."""
    known = nodes(plan)
    kept = [link for link in plan["links"] if link["source"] in known and link["target"] in known]
    indicators = [
        row if row.get("node", "") in {"", *known} else {**row, "node": ""} for row in plan["indicators"]
    ]
    return {**plan, "links": kept, "indicators": indicators}
