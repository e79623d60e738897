"""What reports say by themselves: a sentence for each kind of fact, and how its record is named."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from matcher.register import wording_work

#: code → sentence; what stands in braces is a fact, in words.
SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "agreement": (
            wording_work.BOTH_BEGIN
            + "{kind}（第{number}版）に基づき、{first}から{last}までを期間として協働しました。"
        ),
        "contributions": (
            wording_work.ONE_BEGINS + "{support}を{count}回、合わせて{quantity}提供し、相手方が確認しました。"
        ),
        "not_measured": "「{name}」は測定できませんでした（理由：{reason}）。",
        "measured": "「{name}」は{value}でした（目標{target}）。{verdict}",
        "measured_since": "「{name}」は{value}でした（基準値{baseline}、目標{target}）。{verdict}",
        "payment": "「{what}」について、{yen:,}円を{day}に支払いました。",
        "setbacks_npo": "中間報告（{period}）の「うまくいかなかったこと」には、「{said}」と書かれています。",
        "setbacks_company": (
            "中間報告（{period}）の「うまくいかなかったこと（企業）」には、「{said}」と書かれています。"
        ),
        "incident_open": "{day}に起きたトラブルについて、対応を続けています。",
        "incident_resolved": "{day}に起きたトラブルについて、対応を終えています。",
    }
)
#: kind of record → how one of them is named
SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "document": "{kind} 第{number}版",
        "contribution": "実績 {count}件",
        "measurement": "測定 {name} {day}",
        "payment": "支払い {what}",
        "report": "中間報告 {period}",
        "incident": "トラブル {day}",
    }
)
VERDICTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reached": "目標に達しました。",
        "missed": "目標には届きませんでした。",
        "open": "目標の日は{last}です。",
    }
)
CITY: Final = "市"  #: as who gave something
