"""What the parties of a case read in notices and mails from the introduction on: one sentence for each event.

Every mail carries the number, the partner and what to do, so that it serves where links are stripped.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from matcher.records import Handover, Partnership, User
from matcher.register.wording import Said

#: How a sentence of a draft begins that names its parties; with a new name it begins anew.
BOTH_BEGIN: Final = "{company}と{npo}は、"
ONE_BEGINS: Final = "{who}は、"

#: event → (subject, first sentence, what to do)
EVENTS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "meet": ("面談の記録が届きました", "{who}が面談の記録を書きました。", "内容に違いがあれば、案件の画面の「質問・連絡」でお知らせください。"),
        "meet_next": ("面談で次にすることが決まりました", "{who}が面談の記録を書きました。\n\n次にすること：{what}", "市の担当に関わることがあれば、案件の画面でご確認ください。"),
        "file": ("ファイルが追加されました", "{who}が「{what}」を追加しました。", "案件の画面の「ファイル」でご覧ください。"),
        "task": ("約束が加わりました", "{who}が「{what}」を約束に加えました。", "担当と期限を、案件の画面でご確認ください。"),
        "task_done": ("約束が済みになりました", "{who}が約束「{what}」を済みにしました。", "内容に違いがあれば、案件の画面の「質問・連絡」でお知らせください。"),
        "contact": ("企業・団体の担当者が決まりました", "{who}が、この案件の担当者を決めました。", "お名前と連絡先は、案件の画面でご覧ください。"),
        "trial_draft": ("お試しの計画が届きました", "{who}がお試しの計画を書きました。", "内容を確かめて、同意するか、直してください。"),
        "trial_begun": ("お試しが始まりました", "両者がお試しの計画に同意しました。", "終わりの日までに、続けるか、変えるか、やめるかを、両者で決めてください。"),
        "trial_near": ("お試しの終わりの日が近づいています", "お試しは{until}までです。", "「お試しのまとめ」に、続けるか、変えるか、やめるかの判断と、学んだことを書いてください。"),
        "trial_past": ("お試しの終わりの日が過ぎました", "お試しの終わりの日（{until}）が過ぎましたが、まとめがまだそろっていません。", "続けるか、変えるか、やめるかの判断と、学んだことを「お試しのまとめ」に書いて、両者で同意してください。"),
        "trial_result_draft": ("お試しのまとめが届きました", "{who}がお試しのまとめを書きました。", "内容を確かめて、同意するか、直してください。"),
        "trial_adopt": ("お試しから協定に進むことになりました", "両者がお試しのまとめに同意し、協定の作成に進みます。", "計画と協定の案を、案件の画面で書いてください。"),
        "trial_change": ("お試しから相談に戻りました", "両者がお試しのまとめに同意しました。", "学んだことをもとに、もう一度ご相談ください。"),
        "trial_stop": ("お試しで終えることになりました", "両者がお試しのまとめに同意し、この案件を終了しました。", "学んだことは、次の協働のために残しています。"),
        "plan_begun": ("協働計画を書きはじめました", "{who}が協働計画を書きはじめました。", "目的・指標・予定を、いっしょに書き足してください。目的と成果の指標がそろうと、同意できます。"),
        "plan_draft": ("計画の案が届きました", "{who}が協働計画の案を書きました。", "目的・指標・予定を確かめて、同意するか、直してください。"),
        "plan_agreed": ("協働計画に合意しました", "協働計画（第{number}版）に合意しました。", "測定と報告の予定を、案件の画面でご確認ください。"),
        "agreement_draft": ("協定の案が届きました", "{who}が協定の案を書きました。", "代表の方が内容を確かめて、同意するか、直してください。"),
        "talks_reopened": ("協定の案を取り下げ、相談に戻りました", "{who}が協定の案を取り下げ、相談に戻りました。\n\n理由：{what}", "前の案への同意は、前の案の記録に残っています。相談がまとまったら、あらためて案を書いてください。"),
        "agreement_review": ("協定の確認待ち", "両者が協定の案に同意しました。", "期間・予算・指標・公表の範囲を確認してください。"),
        "agreement_confirmed": ("協定を確認しました", "市が協定を確認し、締結となりました。", "始まりの日（{until}）に、自動で実施中になります。"),
        "agreement_returned": ("協定の案について確認のお願い", "市の担当から、協定の案の見直しをお願いします。\n\n{what}", "案を直して、もう一度同意してください。"),
        "text_accepted": ("相手方が案に同意しました", "{who}が案に同意しました。", "まだ同意していないときは、内容を確かめて、同意するか、直してください。"),
        "amendment_city": ("協定・計画の変更の確認待ち", "両者が変更の案に同意しました。", "変更の内容を確かめて、同意するか、差し戻してください。"),
        "amended": ("変更が決まりました", "{what}の変更（第{number}版）が決まりました。", "新しい内容を、案件の画面でご確認ください。"),
        "redrawn": ("当事者の登録が変わり、案が新しい版になりました", "当事者の名称・所在地・代表者などの登録が変わったため、同意の途中だった案を、新しい登録で第{number}版として書き直しました。前の版への同意は、前の版の記録に残っています。", "変わったところを案件の画面で確かめて、もう一度同意してください。"),
        "dropped": ("案が取り下げられました", "{who}が案を取り下げました。\n\n理由：{what}", "必要であれば、あらためて案を書いてください。"),
        "started": ("協働が始まりました", "協定の始まりの日になりました。", "行ったことを、そのつど「実績」に残してください。"),
        "ended": ("協働の期間が終わりました", "協定の終わりの日が過ぎました。", "案件の画面の「成果報告を書く」から、{until}までに書いてください。記録から作った文を用意しています。"),
        "ended_suspended": ("中断したまま協働の期間が終わりました", "協定の終わりの日が過ぎたため、中断中の協働を終了しました。", "案件の画面の「成果報告を書く」から、中断した理由と、それまでの成果を{until}までに書いてください。記録から作った文を用意しています。"),
        "ended_near": ("成果報告の期限が近づいています", "成果報告の期限は{until}です。", "案件の画面の「成果報告を書く」から書いて、両者で同意してください。"),
        "ended_past": ("成果報告の期限が過ぎています", "成果報告の期限（{until}）が過ぎました。", "遅れる理由があれば「質問・連絡」でお知らせください。報告はいまからでも書けます。"),
        "terminated_near": ("成果報告の期限が近づいています", "途中で終了した協働の、短い成果報告の期限は{until}です。", "それまでの成果と、うまくいかなかったことを書いて、両者で同意してください。"),
        "terminated_past": ("成果報告の期限が過ぎています", "途中で終了した協働の、短い成果報告の期限（{until}）が過ぎました。", "遅れる理由があれば「質問・連絡」でお知らせください。報告はいまからでも書けます。"),
        "reported_near": ("評価の期限が近づいています", "評価の期限は{until}です。", "自己評価や話し合いがまだのときは、案件の「評価と学び」で書いてください。"),
        "reported_past": ("評価の期限が過ぎています", "評価の期限（{until}）が過ぎましたが、三者の評価がまだまとまっていません。", "自己評価や話し合いがまだのときは、案件の「評価と学び」で書いてください。評価を辞退することもできます。"),
        "suspended_near": ("続け方を決める日が近づいています", "中断中の協働の、続け方を決める日は{until}です。", "再開するか、途中で終了するかを、三者でご相談ください。"),
        "suspended_past": ("続け方を決める日が過ぎました", "中断中の協働の、続け方を決める日（{until}）が過ぎました。", "再開するか、途中で終了するかを決めてください。決まらないまま協定の終わりの日が過ぎると、自動で期間終了になります。"),
        "suspended": ("協働を中断しました", "{who}が協働を中断しました。\n\n理由：{what}", "{until}までに、続け方を決めてください。"),
        "resumed": ("協働を再開しました", "{who}が協働を再開しました。", "予定が変わったときは、計画の変更をご検討ください。"),
        "terminated": ("協働を途中で終了しました", "{who}が協働を途中で終了しました。\n\n理由：{what}", "案件の画面の「成果報告を書く」から、短い成果報告を{until}までに書いてください。"),
        "start_blocked": ("協働を始められませんでした", "企業または団体のご利用が停止されているため、協働を始められませんでした。", "市の担当が確認しています。"),
        "partner_suspended": ("案件の相手方のご利用が停止されています", "市の判断で、{what}のご利用を一時停止しました。", "停止のあいだは、お試しの開始、協定への同意、協働の開始、支払いを進められません。この案件の進め方は、市の担当にご相談ください。"),
        "partner_reinstated": ("案件の相手方のご利用が再開されました", "{what}のご利用の一時停止が解除されました。", "この案件は、これまでどおり進められます。"),
        "partner_left": ("案件の相手方のご利用が終了しました", "{what}が縁むすびの利用を終了しました。", "この案件の記録は残っています。途中で終了するかどうかなど、これからの進め方を、市の担当を交えてご相談ください。"),
        "contribution": ("実績が記録されました", "{who}が「{what}」を記録しました。", "案件の「実績と報告」で内容を確かめて、「このとおり確認した」を押してください。"),
        "contribution_ok": ("実績が確認されました", "{who}が「{what}」を確認しました。", "お手続きは必要ありません。"),
        "contribution_gone": ("確認済みの実績が取り消されました", "{who}が、確認済みの「{what}」を取り消しました。", "理由は、案件の画面の経過でご確認ください。"),
        "contribution_back": ("実績の記録が取り消されました", "{who}が、確認の済んでいない「{what}」を取り消しました。", "理由は、案件の画面の経過でご確認ください。ご確認は必要ありません。"),
        "measured": ("測定の結果が届きました", "{who}が「{what}」の測定の結果を提出しました。", "根拠を確かめて、確認済みとするか、差し戻すかを選んでください。"),
        "measured_other": ("測定の結果が提出されました", "{who}が「{what}」の測定の結果を提出しました。", "{checker}が根拠を確かめます。お手続きは必要ありません。"),
        "measurement_back": ("測定の結果の確認のお願い", "「{what}」の測定の結果について、確認をお願いします。", "案件の画面で内容を直して、もう一度提出してください。"),
        "measurement_back_other": ("測定の結果が差し戻されました", "「{what}」の測定の結果が差し戻されました。", "{mender}が直して、もう一度提出します。お手続きは必要ありません。"),
        "measurement_ok": ("測定の結果が確認されました", "「{what}」の測定の結果が確認されました。", "お手続きは必要ありません。"),
        "measure_due": ("測定の日が近づいています", "「{what}」を測る日は{until}です。", "測ったあと、結果と根拠資料を案件の画面で提出してください。"),
        "baseline_due": ("基準値を測る日が近づいています", "「{what}」の基準値を測る日は{until}です。", "測ったあと、結果と根拠資料を案件の画面で提出してください。"),
        "report_due": ("中間報告の期限のお知らせ", "中間報告（{what}）の期限は{until}です。", "下書きを用意しています。内容を確かめて、企業と団体のそれぞれが提出してください。"),
        "report_overdue": ("中間報告の期限が過ぎています", "中間報告（{what}）の期限（{until}）が過ぎました。", "遅れる理由があれば「質問・連絡」でお知らせください。報告はいまからでも提出できます。"),
        "report_part": ("相手方が中間報告を提出しました", "{who}が中間報告（{what}）を提出しました。", "貴社・貴団体の分を書いて、提出してください。"),
        "report_submitted": ("中間報告が届きました", "両者が中間報告（{what}）を提出しました。", "内容を確かめて、確認済みとするか、差し戻すかを選んでください。"),
        "report_back": ("中間報告の確認のお願い", "中間報告（{what}）について、確認をお願いします。", "案件の画面で内容を直して、もう一度提出してください。"),
        "report_accepted": ("中間報告を確認しました", "市が中間報告（{what}）を確認しました。", "お手続きは必要ありません。"),
        "incident": ("トラブルの報告が届きました", "{who}が、{what}に起きたトラブルを報告しました。", "内容と対応を、案件の画面でご確認ください。"),
        "incident_resolved": ("トラブルの対応の結果が届きました", "{who}が、{what}に起きたトラブルの対応の結果を書きました。", "内容を、案件の画面でご確認ください。"),
        "risk_added": ("リスクが記録されました", "{who}がリスク「{what}」を記録しました。", "備えと担当を、案件の画面でご確認ください。"),
        "risk_changed": ("リスクが見直されました", "{who}がリスク「{what}」を見直しました。", "いまの備えと担当を、案件の画面でご確認ください。"),
        "risk_closed": ("リスクが解消済みになりました", "{who}がリスク「{what}」を解消済みにしました。", "お手続きは必要ありません。"),
        "incident_public": ("お知らせを公表しました", "市がトラブルのお知らせを公表しました。", "公表した文は、公開ページでご覧いただけます。"),
        "outcome_draft": ("成果報告の案が届きました", "{who}が成果報告の案を書きました。", "内容を確かめて、同意するか、直してください。"),
        "reported": ("成果報告がそろいました", "両者が成果報告に同意しました。", "案件の「評価と学び」で、{until}までに、まず自己評価を書いてください。"),
        "rated": ("評価が届きました", "{who}が評価を書きました。", "自己評価がまだのときは、案件の「評価と学び」で書いてください。"),
        "rating_declined": ("評価の辞退が記録されました", "{who}が評価を辞退しました。", "自己評価がまだのときは、案件の「評価と学び」で書いてください。"),
        "discussed": ("評価の差についての話し合いが記録されました", "{who}が、評価の差について話し合ったことを記録しました。", "内容を、案件の「評価と学び」でご確認ください。"),
        "third_party_rated": ("第三者評価が記録されました", "市が第三者評価を記録しました。", "自己評価を書いたあと、案件の「評価と学び」でご覧いただけます。"),
        "evaluated": ("評価がまとまりました", "三者の評価がまとまりました。", "公表する内容を確かめてください。"),
        "publication_draft": ("公表する内容の案が届きました", "{who}が公表する内容の案を作りました。", "公開ページの見本を確かめて、同意するか、直してください。"),
        "publication_city": ("公表の確認待ち", "両者が公表の案に同意しました。", "公開ページの見本を確かめて、公表してください。"),
        "published": ("公表しました", "この協働の記録を、市の公開ページに掲載しました。", "住民の方の声が届くことがあります。"),
        "unpublished": ("公表しないことになりました", "{who}がこの協働を公表しないことにしました。", "公開ページには表示されません。"),
        "payment": ("支払額を計算しました", "「{what}」の支払額を計算しました。", "計算の内容を、支払いの画面でご確認ください。"),
        "payment_to_approve": ("支払いの承認待ち", "「{what}」の支払額を計算しました。", "計算の内容を「支払い」の画面で確かめて、承認してください。計算した本人は承認できません。"),
        "payment_approved": ("支払いが承認されました", "「{what}」の支払いが承認されました。", "支払いの予定は、市の担当にお尋ねください。"),
        "paid": ("支払いを記録しました", "「{what}」の支払いを記録しました。", "支払いを受ける側の方は、入金をご確認ください。"),
        "closed": ("協働が完了しました", "市がこの案件を完了としました。", "続けるときは「次の期間の案件を作る」から始められます。"),
        "stalled": ("ご相談の状況をお知らせください", "この案件は、しばらく動きがありません。", "進めるときは面談の記録や連絡を残してください。{until}までに動きがないときは、いったん終了します。"),
        "stall_ended": ("案件をいったん終了しました", "長いあいだ動きがなかったため、この案件をいったん終了しました。", "どちらの評価にも影響しません。あらためて声をかけることができます。"),
        "handover": ("市の担当者が変わりました", "市の担当が{what}に変わりました。", "これまでの経過は引き継いでいます。"),
        "assigned": ("市の担当者が決まりました", "市の担当が{what}に決まりました。", "ご不明な点は、案件の画面の「質問・連絡」でお尋ねください。"),
        "put_in_charge": ("案件の担当者が決まりました", "この案件の市の担当が{what}に決まりました。", "これまでの経過と次にすることを、案件の画面でご確認ください。"),
        "comment": ("住民の声が届きました", "公開ページに住民の声が届きました。", "内容を確かめて、表示するかどうかと、回答を決めてください。"),
        "comment_answered": ("住民の声に市が回答しました", "公開ページの住民の声に、市が回答しました。", "公開ページでご覧いただけます。"),
    }
)  # fmt: skip


#: code → (subject, body) of what is told of a handover of several cases.
WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "handover_received": (
            "案件{count}件を引き継ぎました",
            "{from_who}さんから、案件{count}件の担当を引き継ぎました。\n\n{case_lines}\n\n"
            "代理：{stands_in}\n申し送り：{note_or_none}\n\n"
            "「引き継ぎ」の画面で、次にすること・約束・リスクをご確認ください。",
        ),
        "handover_deputy": (
            "案件{count}件の代理になりました",
            "{to_who}さんが不在のときの代理になりました。\n\n{case_lines}\n\n"
            "申し送り：{note_or_none}\n\n案件の画面で、いまの状況をご確認ください。",
        ),
        "handover_blocked": (
            "引き継ぎができませんでした",
            "{until}の引き継ぎ（{from_who}さんから{to_who}さんへ、{count}件）は、{to_who}さんがいま担当できないため、"
            "行われていません。\n\n「引き継ぎ」の画面で予定を取り消し、別の人への引き継ぎを記録してください。",
        ),
    }
)
_MOST_CASES: Final = 20  #: of a handover are named


def event(case: Partnership, name: str, **facts: object) -> Said:
    """What is told about ``name`` on a case (both organizations must be loaded).

    Raises:
        KeyError: the event has no words.
    """
    if name not in EVENTS:
        raise KeyError(name)
    return Said(
        name, {"number": case.number, "company": case.company.name, "npo": case.npo.name, "facts": facts}
    )


def money_note(text: str) -> str:
    """Why less money came than was promised, as it stands in the record of the closing."""
    return f"約束した金額との差の理由：{text.strip()}" if text.strip() else ""


def handover_received(found: Handover, cases: Sequence[Partnership], deputy: User | None) -> Said:
    """To the successor: how many cases, which, who stands in, and the note (all people must be loaded)."""
    is_unable = deputy is None and found.deputy is not None
    return Said(
        "handover_received",
        _of_handover(found, cases) | {"deputy": deputy.name if deputy else "", "deputy_is_unable": is_unable},
    )


def handover_deputy(found: Handover, cases: Sequence[Partnership]) -> Said:
    """To who stands in from now on."""
    return Said("handover_deputy", _of_handover(found, cases))


def handover_blocked(found: Handover) -> Said:
    """To the desk: the day has come, and the successor does not serve."""
    facts = {
        "from_who": found.from_user.name, "to_who": found.to_user.name, "count": len(found.cases),
        "until": found.effective_on.isoformat(),
    }  # fmt: skip
    return Said("handover_blocked", facts)


def _of_handover(found: Handover, cases: Sequence[Partnership]) -> dict[str, Any]:
    return {
        "from_who": found.from_user.name, "to_who": found.to_user.name, "note": found.note,
        "count": len(cases),
        "cases": [[case.number, case.company.name, case.npo.name] for case in cases[:_MOST_CASES]],
    }  # fmt: skip
