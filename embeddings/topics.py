"""Of what a condition speaks: cold chain, hand-over, numbers, days, papers."""

import re
from functools import lru_cache
from typing import Final

from embeddings.text import normalize

#: Of what a condition speaks, the gravest first.
_PATTERNS: Final = tuple(
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
        ("weather", "雨(?!もり|漏|水|宿|具) 荒天 台風 雪 強風"),
    )
)
TOPICS: Final = tuple(topic for topic, _pattern in _PATTERNS)


@lru_cache(maxsize=65_536)
def topics(sentence: str) -> frozenset[str]:
    """The topics that a sentence touches; ``TOPICS`` has them in order of gravity."""
    said = normalize(sentence)
    return frozenset(topic for topic, pattern in _PATTERNS if pattern.search(said))
