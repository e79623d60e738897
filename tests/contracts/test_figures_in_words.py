"""A figure that stands in a sentence is the program's: days, limits and shares that people are told."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from matcher.cases import answering, trials, uploads
from matcher.ground import lifecycle
from matcher.imports import acts as import_acts
from matcher.imports import tables
from matcher.people import links, passwords, registration_codes
from matcher.postings import drafts, joint
from matcher.suggestions import newcomers
from webapp import press

_TEN_THOUSAND: Final = 10_000
#: What is said of it → the figures that it may name, in their order.
FIGURES: Final = {
    r"代表のほかに(\d+)件まで": (joint.MOST,),
    r"(\d+)営業日": (lifecycle.REVIEW_WORKING_DAYS,),
    r"(\d+)日(?:のうち|以内)に(?:お)?返事": (lifecycle.ANSWER_DAYS,),
    r"返事の期限は(\d+)日": (lifecycle.ANSWER_DAYS,),
    r"申し出が(\d+)件": (lifecycle.UNANSWERED_LIMIT,),
    r"お返事待ちが(\d+)件": (lifecycle.UNANSWERED_LIMIT,),
    r"少なくとも(\d+)日後まで延ばし": (answering.MESSAGE_EXTENSION_DAYS,),
    r"(\d+)日前と(\d+)日前にお知らせ": lifecycle.EXPIRY_NOTICE_DAYS,
    r"引き合わせのあと、?(\d+)日": (lifecycle.STALL_DAYS,),
    r"確認の有効期間は(\d+)年": (lifecycle.VERIFICATION_YEARS,),
    r"お試しは(\d+)か月以内": (lifecycle.TRIAL_MONTHS,),
    r"お試しでやり取りする金額は、(\d+)万円": (lifecycle.TRIAL_MONEY_YEN // _TEN_THOUSAND,),
    r"お試しの始まりの日は、今日から(\d+)日": (trials.TRIAL_LEAD_DAYS,),
    r"(\d+)万円を超える": (lifecycle.MANAGER_MONEY_YEN // _TEN_THOUSAND,),
    r"期間は(\d+)年以内": (lifecycle.TERMS_MOST_DAYS // 366,),
    r"始まりの日は、今日から(\d+)年": (lifecycle.TERMS_LEAD_DAYS // 366,),
    r"(\d+)点以上の差": (lifecycle.DIFFERENCE,),
    r"(\d+)時間以内に": (links.LINK_LIVES["reset"].total_seconds() // 3600,),
    r"(\d+)日以内に、1回だけ": (links.LINK_LIVES["activate"].days,),
    r"(\d+)文字以上": (passwords.MINIMUM,),
    r"パスワードは(\d+)文字以内": (passwords.MAXIMUM,),
    r"(\d+)件に1件": (newcomers.EACH,),
    r"空欄は、今日から(\d+)日後": (lifecycle.RENEWAL.days,),
    r"今日から(\d+)日後までの日": (registration_codes.AHEAD.days,),
    r"(?<!始まりの日は、)今日から(\d+)日以内(?:の日付)?に": (drafts.MAX_VALID_DAYS,),
    r"(\d+)年以上離れた": (drafts.MAX_PERIOD_YEARS,),
    r"(\d+)日たつと、送った内容": (import_acts.KEEP_DAYS,),
    r"(\d+)日間保存": (press.KEEP.days,),
    r"(\d+)MB(?:、|まで)": (tables.MAX_BYTES // 1024**2,),
    r"([\d,]+)行まで。文字コード": (tables.MAX_ROWS,),
}  # fmt: skip
ROOT: Final = Path(__file__).parents[2]


def _texts() -> Iterator[str]:
    for folder, ending in (("webapp/templates", "html"), ("webapp", "py"), ("matcher/ground", "py")):
        for path in sorted((ROOT / folder).rglob(f"*.{ending}")):
            yield path.read_text(encoding="utf-8")


@pytest.mark.parametrize("words", FIGURES)
def test_what_people_are_told_is_what_holds(words: str) -> None:
    told = {tuple(int(one.replace(",", "")) for one in found.groups())
            for text in _texts() for found in re.finditer(words, text)}  # fmt: skip
    assert told == {tuple(FIGURES[words])}


def test_both_kinds_of_files_may_be_as_large() -> None:
    assert tables.MAX_BYTES == uploads.MAX_BYTES
