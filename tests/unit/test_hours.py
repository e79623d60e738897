"""The hours of a week that a text names: read from what it says of them, wide rather than narrow."""

import pytest

from embeddings.hours import weekly

DAYS = "月火水木金土日"


def cells(days: str, first: int = 0, last: int = 24) -> set[tuple[str, int]]:
    return {(day, hour) for day in days for hour in range(first, last)}


def read(said: str) -> set[tuple[str, int]] | None:
    found = weekly(said)
    if found is None:
        return None
    return {(DAYS[bit // 24], bit % 24) for bit in range(168) if found.hours >> bit & 1}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("日曜に軽バンで配達します。", cells("日")),
        ("土曜午前のみ。", cells("土", 6, 13)),
        ("第2・第4土曜 17:30〜20:00。", cells("土", 17, 20)),
        ("火・木 8:30〜15:30", cells("火木", 8, 16)),
        ("火曜か木曜の午前。", cells("火木", 6, 13)),
        ("火曜から金曜、十時から十三時。", cells("火水木金", 10, 13)),
        ("金〜月曜の夜", cells("金土日月", 17, 24)),
        ("平日の17時30分から20時30分まで", cells("月火水木金", 17, 21)),
        ("金曜19時以降に集会室へ", cells("金", 19, 24)),
        ("水曜の夜9時まで", cells("水", 17, 22)),
        ("土曜の夜7時から9時", cells("土", 19, 21)),
        ("日曜の午後1時〜3時", cells("日", 13, 15)),
        ("毎週月曜の朝、厨房裏へ。", cells("月", 4, 11)),
        ("平日毎日の送り迎え", cells("月火水木金")),
        ("ｾﾞﾋ土曜ﾉ午前ﾆ", cells("土", 6, 13)),
        # Days of one sentence and hours of another are put together; a sentence with both stands before them.
        ("平日に限ってお貸しします。\n10時〜15時。", cells("月火水木金", 10, 15)),
        ("誰もいない昼の客席\n水曜、10時から13時。", cells("水", 10, 13)),
        # What is ruled out is taken off.
        ("土日は貸せません。", cells("月火水木金")),
        ("水曜定休です。", cells("月火木金土日")),
        ("日曜は無理ですが、土曜なら行けます。", cells("土")),
        ("定休日の水曜の午後なら、厨房に入れます。", cells("水", 12, 19)),
        ("日曜だけは使えません。", cells("月火水木金土")),
        ("平日（水曜を除く）10時から15時", cells("月火木金", 10, 15)),
        ("月〜金（祝日を除く）9:00〜17:00", cells("月火水木金", 9, 17)),
        ("水曜以外の平日", cells("月火木金")),
        ("平日以外は対応できません。", cells("月火水木金")),
        # What is lacking is asked for, and who does only that does that.
        ("平日しか対応できません。", cells("月火水木金")),
        ("土曜の夕方に配る人が足りません", cells("土", 15, 20)),
        ("水曜の夜に車を出せる人がいません", cells("水", 17, 24)),
        ("月曜から金曜午前9時〜11時", cells("月火水木金", 9, 11)),
        ("月〜金曜日開館", cells("月火水木金")),
        ("4月から木曜の夜に", cells("木", 17, 24)),
        ("平日の昼に空いている車、ありませんか", cells("月火水木金", 9, 17)),
        # Nothing is named by a story, by a number of hours, or by when to ask and answer.
        ("停電の夜を越せる電源", None),
        ("今夜の寝場所がない方に", None),
        ("朝の勉強会で話を聞きたい。昼めしは出す。", None),
        ("お惣菜は当日中に食べきること。", None),
        ("1回3時間、月に2回。", None),
        ("前の週の水曜までに連絡をください。", None),
        ("面談は平日10時〜17時（水曜定休）。", None),
        ("平日でも5人まで出られます。", None),
        ("土壁を直す。木の椅子、金の折り紙、水をくむ。", None),
        ("", None),
    ],
)  # fmt: skip
def test_days_and_hours_are_read(said, named):
    assert read(said) == named


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        ("土曜午前のみ", "土曜9時集合", True),
        ("土曜午前のみ", "平日の10時〜15時", False),
        ("夜に配れる方", "毎朝7時に取りに来られる方", False),
        ("土日は貸せません", "第3日曜の9時半〜12時", False),
        ("日曜の昼間", "土日祝です", True),
    ],
)
def test_two_texts_meet_where_they_name_an_hour_in_common(one, other, meets):
    assert bool(weekly(one).hours & weekly(other).hours) is meets


def test_the_sentences_that_name_them_are_kept_also_those_that_rule_out():
    found = weekly("受け取りは朝7時から8時。おいしいです。日・月は休みです。")
    assert found.said == ("受け取りは朝7時から8時。", "日・月は休みです。")


@pytest.mark.parametrize(
    "said",
    [
        "土" * 5_000,
        "土曜、" * 5_000,
        "9時〜" * 5_000,
        "一十" * 3_000 + "時",
        "\x00土曜\u200b",
        "99時から98時",
    ],
)
def test_any_text_is_read(said):
    found = weekly(said)
    assert found is None or 0 < found.hours < 1 << 168
