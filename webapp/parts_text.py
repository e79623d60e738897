"""The parts of a need in Japanese words: what each is, how much of it is taken, and what is still missing."""

from collections.abc import Iterable, Sequence

from matcher.ground import parts
from matcher.ground.parts import Part, Standing
from matcher.records import Need, Offer
from webapp import filters
from webapp.labels import gettext as _
from webapp.labels import vocabulary


def name(part: Part) -> str:
    """「場所・会議室（調理の場所）」: its kind, and what the NPO says of it."""
    label = str(vocabulary.support_label(part.support_type))
    return _("%(kind)s（%(what)s）", kind=label, what=part.what) if part.what else label


def amount(part: Part) -> str:
    """「10kg（最低5kg）」; empty where it has no amount."""
    found = filters.quantity(part.quantity, part.unit)
    if found and part.min_useful is not None:
        least = filters.quantity(part.min_useful, part.unit)
        return _("%(amount)s（最低%(least)s）", amount=found, least=least)
    return found


def whole(part: Part) -> str:
    """「場所・会議室（調理の場所）　3回」."""
    return "　".join(words for words in (name(part), amount(part)) if words)


def missing(row: Standing) -> str:
    """「あと40kg」, or that nothing is missing."""
    if row.is_taken:
        return _("決まりました") if row.is_filled else _("相談中です")
    if not row.is_counted:
        return _("相談中です") if row.talked else _("まだ決まっていません")
    return _("あと%(amount)s", amount=filters.quantity(row.missing, row.part.unit))


def said(row: Standing) -> str:
    """「100kgのうち60kgが決まりました。20kgを相談しています。あと20kg」."""
    if not row.is_counted:
        return missing(row)
    unit = row.part.unit
    wanted = filters.quantity(row.part.quantity, unit)
    sentences = []
    if row.decided:
        sentences.append(
            _("%(wanted)sのうち%(decided)sが決まりました。", wanted=wanted,
              decided=filters.quantity(min(row.decided, row.wanted), unit))
        )  # fmt: skip
    if row.talked:
        talked = filters.quantity(row.talked, unit)
        sentences.append(
            _("%(talked)sを相談しています。", talked=talked)
            if row.decided
            else _("%(wanted)sのうち%(talked)sを相談しています。", wanted=wanted, talked=talked)
        )
    sentences.append(_("あと%(amount)s", amount=filters.quantity(row.missing, unit)))
    return "".join(sentences)


def choice(row: Standing) -> str:
    """As one of several that one chooses from."""
    return _("%(part)s（%(missing)s）", part=whole(row.part), missing=missing(row))


def met(row: Standing) -> str:
    """As what was looked for: all of it, and how much is left where some is taken."""
    return whole(row.part) if row.is_untouched else choice(row)


def full(row: Standing) -> str:
    """That more was asked for than is left, and how much is."""
    if not row.is_counted:
        return _("ほかの企業が引き受けることになりました。")
    return _("残りは%(amount)sになりました。", amount=filters.quantity(row.missing, row.part.unit))


def is_told(rows: Sequence[Standing]) -> bool:
    """Whether there is more to say than the amount of the need: several parts, or something is taken."""
    return len(rows) > 1 or any(not row.is_untouched for row in rows)


def left(rows: Sequence[Standing]) -> str:
    """What a card says: 「あと40kg（100kgのうち）」, of several parts each."""
    if not is_told(rows):
        return ""
    if len(rows) == 1 and rows[0].is_counted and not rows[0].is_taken:
        wanted = filters.quantity(rows[0].part.quantity, rows[0].part.unit)
        return _("%(missing)s（%(wanted)sのうち）", missing=missing(rows[0]), wanted=wanted)
    if len(rows) == 1:
        return missing(rows[0])
    return "、".join(
        _("%(name)s：%(missing)s", name=vocabulary.support_label(row.part.support_type), missing=missing(row))
        for row in rows
    )


def further(rows: Iterable[Part]) -> str:
    """What is needed besides the first part, one line each."""
    return "\n".join(whole(part) for part in rows if part.place != parts.FIRST)


def first(posting: Need | Offer, more: int) -> str:
    """「10kg（ほかに2つ）」: the amount of a posting, and how many further parts a need has."""
    amount = filters.quantity(posting.quantity, posting.unit)
    if not more:
        return amount
    also = _("ほかに%(count)sつ", count=more)
    return _("%(amount)s（%(also)s）", amount=amount, also=also) if amount else also


def share(row: Standing) -> int:
    """How much of it is agreed upon, in whole percent."""
    return int(min(1.0, row.decided / row.wanted) * 100)


def brings(rows: Iterable[tuple[Part, float]]) -> str:
    """「食品　40kg、場所・会議室　すべて」."""
    return "、".join(
        _("%(name)s　%(given)s", name=name(part),
          given=_("すべて") if part.quantity is None else filters.quantity(amount, part.unit))
        for part, amount in rows
    )  # fmt: skip


def taken(row: Standing, quantity: float | None) -> str:
    """What a case takes of a further part."""
    given = filters.quantity(quantity, row.part.unit) or _("すべて")
    return _("%(name)s　%(given)s", name=name(row.part), given=given)
