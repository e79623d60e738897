"""Which columns an import knows, and by what names. Pure; how a cell is read stands in ``import_cells``.

Labels are those of the screens; codes and the names that registers commonly use are accepted as well.
Columns that hold people's homes are known by name, so that they are dropped and not merely unknown (T17).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

from embeddings.text import fold
from matcher.city.cities import City
from matcher.ground import limits, posting, profile, vocabulary
from matcher.ground.field import Field

Kind = Literal["companies", "npos", "needs", "offers"]


def _columns_of(kind: str) -> tuple[Field, ...]:
    return tuple(one for one in profile.FIELDS[kind] if one.is_imported)


_COMPANY: Final = _columns_of("company")
_NPO: Final = _columns_of("npo")


def _owned(kind: posting.Kind, owner: str, owner_aliases: tuple[str, ...]) -> tuple[Field, ...]:
    return (
        Field("owner", owner, aliases=("名称", *owner_aliases), limit=limits.SHORT, examples=("登録済みの名称", "登録済みの名称"),
              hint="登録されている名前のとおり。法人番号があれば空欄でもよい"),
        Field("owner_number", "法人番号", "number13", aliases=(f"{owner}の法人番号", "団体の法人番号", "企業の法人番号")),
        *(one for one in posting.FIELDS[kind] if one.is_imported),
    )  # fmt: skip


_NEED: Final = _owned("need", "団体名", ("団体", "NPO", "法人名"))
_OFFER: Final = _owned("offer", "企業名", ("会社名", "企業", "法人名"))

COLUMNS: Final[Mapping[Kind, tuple[Field, ...]]] = MappingProxyType(
    {"companies": _COMPANY, "npos": _NPO, "needs": _NEED, "offers": _OFFER}
)

#: Rows whose name begins like this are the template's examples.
EXAMPLE_MARK: Final = "（例）"
HELP_SHEET: Final = "書き方"  #: of our own templates, beside the sheet that is filled in
LISTS_SHEET: Final = "選択肢"  #: likewise

_PEOPLE: Final = "(代表者?|代表理事|理事長?|監事|役員|会長|副会長|社長|取締役|事務局長|担当者?|窓口|職員|社員|会員|発起人|設立者|申請者|責任者|代理人)"
_PERSONAL: Final = re.compile(
    "自宅|私宅|個人|現住所|居住|本籍|生年月日|生まれ|年齢|性別|続柄|マイナンバー|口座|顔写真|国籍"
    "|役員名簿|役員一覧|役員氏名|理事一覧|社員名簿|会員名簿|^役員|^理事$|^監事$|^理事氏名|^監事氏名"
    f"|{_PEOPLE}の?(住所|所在地|居所|郵便|〒|電話|携帯|tel|fax|連絡先)|携帯"
)


def of_organizations(kind: Literal["company", "npo", ""]) -> Sequence[Field]:
    """The columns of companies or of NPOs, or (empty) those that mean the same for both."""
    if kind:
        return _COMPANY if kind == "company" else _NPO
    theirs = {(column.code, column.heading) for column in _NPO}
    return [column for column in _COMPANY if (column.code, column.heading) in theirs]


def header_key(text: str) -> str:
    """What of a column's name is compared: no brackets, spaces, or marks of what is compulsory."""
    return re.sub(r"[\s()\[\]「」【】・/:*※_.,、-]|必須|任意", "", fold(text))


def is_personal(header: str) -> bool:
    """Whether a column of this name holds people's homes or other data about them that we never take."""
    return _PERSONAL.search(header_key(header)) is not None


@lru_cache(maxsize=8)  # one a kind
def _by_name(kind: Kind) -> Mapping[str, tuple[Field, int]]:
    """What a column's name may be → the column, and how far that name is from its label."""
    found: dict[str, tuple[Field, int]] = {}
    for column in COLUMNS[kind]:
        own = (column.code, column.heading, *re.split("[（）]", column.heading))
        for word in (column.heading, column.code):
            found.setdefault(header_key(word), (column, 0))
        near = {header_key(word) for word in own}
        for far, word in enumerate((column.label, *column.aliases), start=1):
            key = header_key(word)
            found.setdefault(key, (column, 0 if key in near else far))
    for people in ("役員", "理事", "監事", ""):
        found.pop(header_key(people), None)
    return found


def recognise(kind: Kind, header: str) -> Field | None:
    """The column that a header means, by label, code or a common name; ``None`` where it means none."""
    column, _far = _by_name(kind).get(header_key(header), (None, 0))
    return column


def distance(kind: Kind, header: str) -> int:
    """How far a header that means a column is from its label: 0 says the same, others by the common names."""
    return _by_name(kind)[header_key(header)][1]


def choices(column: Field, city: City) -> Mapping[str, str]:
    """Code → label of what may stand in a column of this kind; empty where anything may."""
    if column.kind in {"area", "areas"}:
        return city.area_labels
    if column.kind == "fields":
        return {code: vocabulary.FIELD_SHORT[code] for code in city.fields}
    return column.labels


def examples(kind: Kind) -> Sequence[list[str]]:
    """The two example rows of a template, marked so that they are not imported."""
    columns = COLUMNS[kind]
    marked = "name" if kind in {"companies", "npos"} else "title"
    return [
        [(EXAMPLE_MARK if one.code == marked else "") + one.examples[place] for one in columns]
        for place in (0, 1)
    ]
