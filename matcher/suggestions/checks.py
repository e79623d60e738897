"""What has to be checked before two sides meet: the conditions of either, set against what the other says.

A condition, a refusal or a limit is never a reason for a pair. It is shown as one's own sentence, beside the
sentence of the other side that speaks of the same – cold chain, pick-up, numbers, days, papers –, or with the
remark that the other side does not say.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from embeddings import text as texts
from embeddings.bearing import bearing
from embeddings.things import things
from matcher.records import Need, Offer, Organization
from matcher.suggestions.criteria import Reason

MOST: Final = 6  #: so many of each kind are kept with a suggestion, the gravest first

#: Of what a condition speaks, the gravest first.
_TOPICS: Final = tuple(
    (topic, re.compile("|".join(words.split())))
    for topic, words in (
        ("cold", "冷蔵 冷凍 保冷 チルド ℃ 要冷 クーラー 常温"),
        (
            "handover",
            "引き?取 取りに 受け?取 受け渡 搬[出入] 運搬 運ん 運送 持ち込 届け(?!出) 配送 配達 送料 着払 積み"
            " トラック 台車"
            " 階段 エレベ",
        ),
        ("form", "法人格 任意団体 認定 収入規模 設立 登録団体"),
        ("people", r"\d+\s*(?:人|名|世帯|家族)"),
        (
            "amount",
            r"\d+\s*(?:箱|kg|キロ|食|個|台|枚|部|ケース|袋|冊|本|着|脚|㎡|m|団体|か所|件|票|回|時間|万円|円)",
        ),
        (
            "days",
            r"[月火水木金土日]曜 [月火水木金土日]・[月火水木金土日] 平日 土日 週末 祝日 休業日 定休"
            " 夜 夕方 朝 午前 午後"
            r" \d+時 年末 盆 \d+月",
        ),
        ("area", "市内 市外 地域 地区 学区 km キロ圏 店舗 近隣 圏内"),
        (
            "papers",
            "報告 領収書 受領 名簿 写真 記録 届け?出 契約 覚書 協定 申請 申込 申し込 企画書 誓約 アンケート"
            " 証明 要項",
        ),
        (
            "safety",
            "保険 付き?添 同席 同伴 安全 ヘルメット 責任者 資格 免許 感染 アレル 火気 飲食 飲酒 喫煙 土足"
            " ペット 検温"
            " 個人情報",
        ),
        ("cost", "実費 有料 有償 料金 代金 ガソリン 燃料 交通費 材料費 材料代 負担 謝礼 入場料"),
        ("use", "転売 再販 営利 販売 政治 宗教 譲渡 目的 宣伝"),
        ("weather", "雨 荒天 台風 雪 強風"),
    )
)
_ORDER: Final = {topic: place for place, (topic, _pattern) in enumerate(_TOPICS)}
#: Where both sides name one of these, that alone is worth setting side by side.
_ALWAYS: Final = frozenset({"cold", "form", "weather"})


@dataclass(frozen=True)
class Said:
    """What one side says that bears on a pair."""

    conditions: tuple[str, ...]  #: its conditions, refusals and limits
    sentences: tuple[str, ...]  #: all that it says


def of_company(company: Organization, offer: Offer | None) -> Said:
    """The conditions of an offer, or of the profile where it alone is spoken of."""
    profile = company.company
    if offer is not None:
        described = [*_split(offer.title), *_split(offer.description)]
        conditions = [*_split(offer.conditions), *_bounded(described, "giver")]
        return Said(tuple(conditions), (*described, *_split(offer.conditions)))
    if profile is None:
        return Said((), ())
    volunteering = _split(profile.volunteering)
    own = [*_split(profile.business), *_split(profile.csr_policy), *volunteering]
    return Said((*_bounded(volunteering, "giver"), *_split(profile.no_go)), tuple(own))


def of_npo(npo: Organization, need: Need | None) -> Said:
    """What a need says of how it can be met, or the mission where there is no need."""
    if need is not None:
        told = [part for text in (need.title, need.situation, need.wanted_change) for part in _split(text)]
        notes = [part for text in (need.place_note, need.safety_note) for part in _split(text)]
        return Said((*_bounded(told, "asker"), *notes), (*told, *notes))
    profile = npo.npo
    if profile is None:
        return Said((), ())
    told = [*_split(profile.mission), *_split(profile.activities)]
    return Said(tuple(_bounded(told, "asker")), tuple(told))


@lru_cache(maxsize=4_096)
def _split(text: str) -> tuple[str, ...]:
    return tuple(texts.sentences(text))


def _bounded(sentences: Iterable[str], speaker: str) -> list[str]:
    who = "giver" if speaker == "giver" else "asker"
    return [sentence for sentence in sentences if bearing(sentence, who)]


def between(company: Said, npo: Said) -> list[Reason]:
    """What has to be checked, the gravest first: contradictions, what meets, what the other does not say."""
    against: list[Reason] = []
    both: list[Reason] = []
    open_: list[str] = []
    for sentence in sorted(dict.fromkeys(company.conditions), key=_gravity):
        answer = _answer(sentence, npo.sentences)
        facts = {"company": sentence, "npo": answer}
        if answer and bearing(sentence, "giver") == "refuses":
            against.append(Reason("check", "△", "check_against_company", facts))
        elif answer:
            both.append(Reason("check", "△", "check_both", facts))
        else:
            open_.append(sentence)
    notes = []
    for sentence in sorted(dict.fromkeys(npo.conditions), key=_gravity):
        answer = _answer(sentence, company.sentences, closely=True)
        does = bearing(sentence, "asker")
        if answer and does in {"enough", "refuses"}:
            facts = {"company": answer, "npo": sentence}
            against.append(Reason("check", "△", "check_against_npo", facts))
        elif does == "":
            notes.append(sentence)
    found = [*against, *both][:MOST]
    if open_:
        found.append(Reason("check", "△", "check_company", {"conditions": open_[:MOST]}))
    if notes:
        found.append(Reason("check", "△", "check_npo", {"conditions": notes[:MOST]}))
    return found


def _gravity(sentence: str) -> int:
    return min((_ORDER[topic] for topic in _topics(sentence)), default=len(_ORDER))


def _answer(sentence: str, others: Sequence[str], *, closely: bool = False) -> str:
    """The sentence of the other side that speaks of the same, empty where there is none.

    Args:
        closely: a common subject is not enough, the same thing has to be named.
    """
    topics, tokens = _topics(sentence), things(sentence)
    best, most = "", 0.0
    for other in others:
        common = len(tokens & things(other))
        same = topics & _topics(other)
        if not common and (closely or not same & _ALWAYS):
            continue
        worth = 2.0 * common + len(same)
        if worth > most:
            best, most = other, worth
    return best


@lru_cache(maxsize=65_536)
def _topics(sentence: str) -> frozenset[str]:
    said = texts.normalize(sentence)
    return frozenset(topic for topic, pattern in _TOPICS if pattern.search(said))
