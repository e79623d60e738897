"""Who gets where: the written expectation of ``test_routes.py``, one row a record, reviewed by people.

Actors in order: anonymous, company A, company B, NPO A, NPO B, coordinator, manager, operator.
A name beginning with ``?`` goes into the query string.
"""

EXPECTATIONS: dict[str, list[tuple[str, dict[str, object], dict[str, str]]]] = {
    "account.activate": [
        ("", {"token": "xxxxxxxxxxxxxxxxxxxx"}, {"GET": "--------", "POST": "--------"}),
    ],
    "account.close": [
        ("", {}, {"GET": "L++++---", "POST": "L++++---"}),
    ],
    "account.decline": [
        ("company_a", {}, {"POST": "L-------"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "account.join": [
        ("company_a", {}, {"POST": "L-------"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "account.open_as": [
        ("company_a", {}, {"GET": "L+++++++"}),
        ("nothing", {}, {"GET": "L+++++++"}),
    ],
    "account.organizations": [
        ("", {}, {"GET": "L++++---"}),
    ],
    "account.switch": [
        ("", {}, {"POST": "L-------"}),
    ],
    "account.end_sessions": [
        ("", {}, {"POST": "L+++++++"}),
    ],
    "account.enter_demo": [
        ("", {}, {"POST": "--------"}),
    ],
    "account.forgot": [
        ("", {}, {"GET": "++++++++", "POST": "++++++++"}),
    ],
    "account.forgot_sent": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "account.invite": [
        ("", {}, {"GET": "L++++---", "POST": "L++++---"}),
    ],
    "account.invite_staff": [
        ("", {}, {"GET": "L-----++", "POST": "L-----++"}),
    ],
    "account.login": [
        ("", {}, {"GET": "++++++++", "POST": "++++++++"}),
    ],
    "account.logout": [
        ("", {}, {"POST": "LLLLLLLL"}),
    ],
    "account.members": [
        ("", {}, {"GET": "L++++---"}),
    ],
    "account.notices": [
        ("", {}, {"GET": "L+++++++"}),
    ],
    "account.notices_of": [
        ("", {"object_type": "need", "object_id": "0" * 32}, {"GET": "L-------"}),
    ],
    "account.password": [
        ("", {}, {"GET": "L+++++++", "POST": "L+++++++"}),
    ],
    "account.person": [
        ("colleague", {}, {"GET": "L+----++", "POST": "L+----++"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "account.person_close": [
        ("colleague", {}, {"GET": "L+----++", "POST": "L+----++"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "account.person_link": [
        ("colleague", {}, {"POST": "L+----++"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "account.read_notices": [
        ("", {}, {"POST": "L+++++++"}),
    ],
    "account.read_notices_of": [
        ("", {"object_type": "need", "object_id": "0" * 32}, {"POST": "L-------"}),
    ],
    "account.register": [
        ("", {}, {"GET": "++++++++", "POST": "++++++++"}),
    ],
    "account.register_sent": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "account.reset": [
        ("", {"token": "xxxxxxxxxxxxxxxxxxxx"}, {"GET": "--------", "POST": "--------"}),
    ],
    "account.settings": [
        ("", {}, {"GET": "L+++++++", "POST": "L+++++++"}),
    ],
    "account.staff": [
        ("", {}, {"GET": "L-----++"}),
    ],
    "cases.act": [
        ("case", {"action": "accept"}, {"GET": "L+-+-xx-", "POST": "L+-+-xx-"}),
        ("case", {"action": "decline"}, {"GET": "L+-+-xx-", "POST": "L+-+-xx-"}),
        ("case", {"action": "withdraw"}, {"GET": "L+-+-++-", "POST": "L+-+-++-"}),
        ("case", {"action": "revise"}, {"GET": "L+-+-xx-", "POST": "L+-+-xx-"}),
        ("case", {"action": "send_message"}, {"GET": "L+-+-++-", "POST": "L+-+-++-"}),
        ("case", {"action": "approve"}, {"GET": "Lx-x-++-", "POST": "Lx-x-++-"}),
        ("case", {"action": "return"}, {"GET": "Lx-x-++-", "POST": "Lx-x-++-"}),
        ("case", {"action": "refuse"}, {"GET": "Lx-x-++-", "POST": "Lx-x-++-"}),
        ("case", {"action": "assign"}, {"GET": "Lx-x-++-", "POST": "Lx-x-++-"}),
        ("nothing", {"action": "accept"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "decline"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "withdraw"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "revise"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "send_message"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "approve"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "return"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "refuse"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "assign"}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "cases.bundle": [
        ("decided", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "cases.bundle_file": [
        ("decided", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "cases.compare": [
        ("need", {}, {"GET": "L--+----"}),
        ("draft_need", {}, {"GET": "L--+----"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "cases.index": [
        ("", {}, {"GET": "L++++---"}),
    ],
    "cases.propose": [
        ("", {"organization": "npo_b"}, {"GET": "L++-----", "POST": "L++-----"}),
        ("", {"organization": "company_b"}, {"GET": "L--++---", "POST": "L--++---"}),
        ("", {"organization": "company_b", "need": "draft_need"}, {"GET": "L--++---", "POST": "L--++---"}),
        ("", {"organization": "nothing"}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "cases.recommend": [
        ("", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("", {"company": "company_a", "npo": "npo_b"}, {"GET": "L----++-", "POST": "L----++-"}),
    ],
    "cases.sent": [
        ("case", {}, {"GET": "L+-+-++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "cases.need_together": [
        ("need", {}, {"GET": "--------"}),
        ("nothing", {}, {"GET": "--------"}),
    ],
    "cases.show": [
        ("case", {}, {"GET": "L+-+-++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "company.home": [
        ("", {}, {"GET": "L++-----"}),
    ],
    "company.need": [
        ("need", {}, {"GET": "L++-----"}),
        ("draft_need", {}, {"GET": "L-------"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "company.need_mark": [
        ("need", {"action": "save"}, {"POST": "L++-----"}),
        ("need", {"action": "unmark"}, {"POST": "L++-----"}),
        ("draft_need", {"action": "save"}, {"POST": "L-------"}),
        ("draft_need", {"action": "unmark"}, {"POST": "L-------"}),
        ("nothing", {"action": "save"}, {"POST": "L-------"}),
        ("nothing", {"action": "unmark"}, {"POST": "L-------"}),
    ],
    "company.need_ask": [
        ("need", {}, {"GET": "L++-----", "POST": "L++-----"}),
        ("draft_need", {}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "company.need_pass": [
        ("need", {}, {"GET": "L++-----", "POST": "L++-----"}),
        ("draft_need", {}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "company.needs": [
        ("", {}, {"GET": "L++-----"}),
    ],
    "company.npos": [
        ("", {}, {"GET": "L++-----"}),
    ],
    "company.offer": [
        ("offer", {}, {"GET": "L+------"}),
        ("draft_offer", {}, {"GET": "L+------"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "company.offer_act": [
        ("offer", {"action": "pause"}, {"POST": "L+------"}),
        ("offer", {"action": "resume"}, {"POST": "L+------"}),
        ("offer", {"action": "renew"}, {"POST": "L+------"}),
        ("offer", {"action": "fill"}, {"POST": "L+------"}),
        ("offer", {"action": "rework"}, {"POST": "L+------"}),
        ("draft_offer", {"action": "pause"}, {"POST": "L+------"}),
        ("draft_offer", {"action": "resume"}, {"POST": "L+------"}),
        ("draft_offer", {"action": "renew"}, {"POST": "L+------"}),
        ("draft_offer", {"action": "fill"}, {"POST": "L+------"}),
        ("draft_offer", {"action": "rework"}, {"POST": "L+------"}),
        ("nothing", {"action": "pause"}, {"POST": "L-------"}),
        ("nothing", {"action": "resume"}, {"POST": "L-------"}),
        ("nothing", {"action": "renew"}, {"POST": "L-------"}),
        ("nothing", {"action": "fill"}, {"POST": "L-------"}),
        ("nothing", {"action": "rework"}, {"POST": "L-------"}),
    ],
    "company.offer_check": [
        ("offer", {}, {"GET": "L+------", "POST": "L+------"}),
        ("draft_offer", {}, {"GET": "L+------", "POST": "L+------"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "company.offer_again": [
        ("offer", {}, {"POST": "L+------"}),
        ("draft_offer", {}, {"POST": "L+------"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "company.offer_edit": [
        ("offer", {}, {"GET": "L+------", "POST": "L+------"}),
        ("draft_offer", {}, {"GET": "L+------", "POST": "L+------"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "company.offer_new": [
        ("", {}, {"POST": "L++-----"}),
    ],
    "company.offer_sent": [
        ("offer", {}, {"GET": "L+------"}),
        ("draft_offer", {}, {"GET": "L+------"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "company.offer_withdraw": [
        ("offer", {}, {"GET": "L+------", "POST": "L+------"}),
        ("draft_offer", {}, {"GET": "L+------", "POST": "L+------"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "company.offers": [
        ("", {}, {"GET": "L++-----"}),
    ],
    "company.saved": [
        ("", {}, {"GET": "L++-----"}),
    ],
    "coordinator.audit": [
        ("", {}, {"GET": "L-----++"}),
    ],
    "coordinator.audit_file": [
        ("", {"form": "csv"}, {"GET": "L-----++"}),
    ],
    "coordinator.cases": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.cases_file": [
        ("", {"form": "xlsx"}, {"GET": "L----++-"}),
    ],
    "coordinator.desk": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.exposure": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.exposure_file": [
        ("", {"form": "xlsx"}, {"GET": "L----++-"}),
    ],
    "coordinator.questions": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.questions_file": [
        ("", {"form": "xlsx"}, {"GET": "L----++-"}),
    ],
    "coordinator.joint_withdraw": [
        ("joint", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "coordinator.need_joint": [
        ("need", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("draft_need", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "coordinator.need": [
        ("review_need", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("draft_need", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "coordinator.needs": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.needs_file": [
        ("", {"form": "xlsx"}, {"GET": "L----++-"}),
    ],
    "coordinator.offer": [
        ("review_offer", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("draft_offer", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "coordinator.offers": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.offers_file": [
        ("", {"form": "xlsx"}, {"GET": "L----++-"}),
    ],
    "coordinator.organization": [
        ("company_a", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("npo_b", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "coordinator.organization_act": [
        ("company_a", {"action": "suspend"}, {"GET": "L-----+-", "POST": "L-----+-"}),
        ("company_a", {"action": "reinstate"}, {"GET": "L-------", "POST": "L-----+-"}),
        ("company_a", {"action": "deactivate"}, {"GET": "L-----+-", "POST": "L-----+-"}),
        ("npo_b", {"action": "suspend"}, {"GET": "L-----+-", "POST": "L-----+-"}),
        ("npo_b", {"action": "reinstate"}, {"GET": "L-------", "POST": "L-----+-"}),
        ("npo_b", {"action": "deactivate"}, {"GET": "L-----+-", "POST": "L-----+-"}),
        ("nothing", {"action": "suspend"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "reinstate"}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"action": "deactivate"}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "coordinator.organizations": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.organizations_file": [
        ("", {"form": "xlsx"}, {"GET": "L----++-"}),
    ],
    "coordinator.send_mail_again": [
        ("", {"mail_id": "mail"}, {"POST": "L----++-"}),
        ("", {"mail_id": 0}, {"POST": "L-------"}),
    ],
    "coordinator.settle_mail": [
        ("", {"mail_id": "mail"}, {"POST": "L----++-"}),
        ("", {"mail_id": 0}, {"POST": "L-------"}),
    ],
    "imports.confirm": [
        ("batch", {}, {"POST": "L----++-"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "imports.discard": [
        ("batch", {}, {"POST": "L----++-"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "imports.index": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "imports.report": [
        ("batch", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "imports.show": [
        ("batch", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "imports.template": [
        ("", {"kind": "needs", "form": "csv"}, {"GET": "L----++-"}),
        ("", {"kind": "nowhere", "form": "csv"}, {"GET": "L-------"}),
    ],
    "imports.upload": [
        ("", {}, {"POST": "L----++-"}),
    ],
    "making.show": [
        ("nothing", {}, {"GET": "L-------"}),
        ("ticket", {}, {"GET": "L+------"}),
    ],
    # Who kept an old address is led on; who may not come hears it there.
    "moved.act": [
        ("worked", {"action": "meeting"}, {"GET": "L++++++-", "POST": "L++++++-"}),
        ("worked", {"action": "contribution"}, {"POST": "L++++++-"}),
    ],
    "moved.message": [
        ("case", {}, {"GET": "L++++++-", "POST": "L++++++-"}),
    ],
    "npo.home": [
        ("", {}, {"GET": "L--++---"}),
    ],
    "npo.joint_need": [
        ("joint", {}, {"GET": "L--+----", "POST": "L--+----"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "npo.need": [
        ("need", {}, {"GET": "L--+----"}),
        ("draft_need", {}, {"GET": "L--+----"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "npo.need_act": [
        ("need", {"action": "pause"}, {"POST": "L--+----"}),
        ("need", {"action": "resume"}, {"POST": "L--+----"}),
        ("need", {"action": "renew"}, {"POST": "L--+----"}),
        ("need", {"action": "fill"}, {"POST": "L--+----"}),
        ("need", {"action": "rework"}, {"POST": "L--+----"}),
        ("draft_need", {"action": "pause"}, {"POST": "L--+----"}),
        ("draft_need", {"action": "resume"}, {"POST": "L--+----"}),
        ("draft_need", {"action": "renew"}, {"POST": "L--+----"}),
        ("draft_need", {"action": "fill"}, {"POST": "L--+----"}),
        ("draft_need", {"action": "rework"}, {"POST": "L--+----"}),
        ("nothing", {"action": "pause"}, {"POST": "L-------"}),
        ("nothing", {"action": "resume"}, {"POST": "L-------"}),
        ("nothing", {"action": "renew"}, {"POST": "L-------"}),
        ("nothing", {"action": "fill"}, {"POST": "L-------"}),
        ("nothing", {"action": "rework"}, {"POST": "L-------"}),
    ],
    "npo.need_again": [
        ("need", {}, {"POST": "L--+----"}),
        ("draft_need", {}, {"POST": "L--+----"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "npo.need_check": [
        ("need", {}, {"GET": "L--+----", "POST": "L--+----"}),
        ("draft_need", {}, {"GET": "L--+----", "POST": "L--+----"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "npo.need_new": [
        ("", {}, {"POST": "L--++---"}),
    ],
    "npo.need_sent": [
        ("need", {}, {"GET": "L--+----"}),
        ("draft_need", {}, {"GET": "L--+----"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "npo.need_step": [
        ("need", {"step": 1}, {"GET": "L--+----", "POST": "L--+----"}),
        ("need", {"step": 9}, {"GET": "L-------", "POST": "L-------"}),
        ("draft_need", {"step": 1}, {"GET": "L--+----", "POST": "L--+----"}),
        ("draft_need", {"step": 9}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"step": 1}, {"GET": "L-------", "POST": "L-------"}),
        ("nothing", {"step": 9}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "npo.need_withdraw": [
        ("need", {}, {"GET": "L--+----", "POST": "L--+----"}),
        ("draft_need", {}, {"GET": "L--+----", "POST": "L--+----"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "npo.needs": [
        ("", {}, {"GET": "L--++---"}),
    ],
    "npo.companies": [
        ("", {}, {"GET": "L--++---"}),
    ],
    "npo.offer": [
        ("offer", {}, {"GET": "L--++---"}),
        ("draft_offer", {}, {"GET": "L-------"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "npo.offers": [
        ("", {}, {"GET": "L--++---"}),
    ],
    "npo.question": [
        ("question", {}, {"GET": "L--+----", "POST": "L--+----"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "organization.leave": [
        ("", {}, {"GET": "L++++---", "POST": "L++++---"}),
    ],
    "organization.profile": [
        ("", {}, {"GET": "L++++---"}),
    ],
    "organization.section": [
        ("", {"code": "basic"}, {"GET": "L++++---", "POST": "L++++---"}),
        ("", {"code": "nowhere"}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "organization.show": [
        ("company_a", {}, {"GET": "L++++++-"}),
        ("npo_b", {}, {"GET": "L++++++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "organization.submit": [
        ("", {}, {"GET": "L++++---", "POST": "L++++---"}),
    ],
    "organization.submitted": [
        ("", {}, {"GET": "L++++---"}),
    ],
    "public.about": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.accessibility": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.language": [
        ("", {}, {"POST": "++++++++"}),
    ],
    "public.contact": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.healthz": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.healthz_worker": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.need": [
        ("need", {}, {"GET": "++++++++"}),
        ("draft_need", {}, {"GET": "--------"}),
        ("nothing", {}, {"GET": "--------"}),
    ],
    "public.needs": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.privacy": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.search": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.terms": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.top": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "coordinator.shown": [
        ("shown", {}, {"GET": "L----++-"}),
        ("shown_need", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "coordinator.shown_lists": [
        ("", {}, {"GET": "L----++-"}),
        ("", {"?number": "shown"}, {"GET": "L----++-"}),
        ("", {"?number": "nothing"}, {"GET": "L----++-"}),
    ],
    "coordinator.compare_for_need": [
        ("need", {}, {"GET": "L----++-"}),
        ("need", {"?one": "company"}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "coordinator.compare_for_offer": [
        ("offer", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "coordinator.unseen_needs": [
        ("", {}, {"GET": "L----++-"}),
        ("", {"?page": "9"}, {"GET": "L----++-"}),
    ],
    "alerts.index": [
        ("", {}, {"GET": "L++++---"}),
    ],
    "alerts.seen": [
        ("", {}, {"POST": "L++++---"}),
    ],
    "alerts.settings": [
        ("", {}, {"GET": "L++++---", "POST": "L++++---"}),
    ],
    "alerts.search_new": [
        ("", {}, {"GET": "L++++---", "POST": "L++++---"}),
        ("", {"?support_type": "food"}, {"GET": "L++++---", "POST": "L++++---"}),
    ],
    "alerts.search": [
        ("saved_search", {}, {"GET": "L+------", "POST": "L+------"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "alerts.search_act": [
        ("saved_search", {"action": "pause"}, {"POST": "L+------"}),
        ("saved_search", {"action": "resume"}, {"POST": "L+------"}),
        ("saved_search", {"action": "delete"}, {"POST": "L+------"}),
        ("nothing", {"action": "pause"}, {"POST": "L-------"}),
    ],
    # Who holds the link of a mail need not be known.
    "alerts.stop": [
        ("", {"token": "xxxxxxxxxxxxxxxxxxxx"}, {"GET": "--------", "POST": "--------"}),
        ("", {"token": "stop_link"}, {"GET": "++++++++", "POST": "++++++++"}),
    ],
    "coordinator.invitations": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "coordinator.invitations_file": [
        ("", {"form": "xlsx"}, {"GET": "L----++-"}),
    ],
    "coordinator.invitation": [
        ("unserved", {}, {"GET": "L----++-"}),
        ("company_a", {}, {"GET": "L-------"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "coordinator.invitation_paper": [
        ("unserved", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "suggestions.detail": [
        ("shown", {}, {"GET": "L+---++-"}),
        ("shown_need", {}, {"GET": "L--+-++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "suggestions.compare": [
        ("", {}, {"GET": "L++++---"}),
        ("", {"?one": "shown"}, {"GET": "L+------"}),
        ("", {"?one": "shown_need"}, {"GET": "L--+----"}),
        ("", {"?one": "nothing"}, {"GET": "L-------"}),
    ],
    "suggestions.for_company": [
        ("", {}, {"GET": "L++-----"}),
    ],
    "suggestions.for_need": [
        ("need", {}, {"GET": "L--+----"}),
        ("draft_need", {}, {"GET": "L--+----"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "suggestions.pass_": [
        ("shown", {}, {"GET": "L+------", "POST": "L+------"}),
        ("shown_need", {}, {"GET": "L--+----", "POST": "L--+----"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "suggestions.save": [
        ("shown", {}, {"POST": "L+------"}),
        ("shown_need", {}, {"POST": "L--+----"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "suggestions.unmark": [
        ("shown", {}, {"POST": "L+------"}),
        ("shown_need", {}, {"POST": "L--+----"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "desk_work.cancel_handover": [
        ("handover", {}, {"POST": "L----++-"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "desk_work.comment": [
        ("comment", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "desk_work.comments": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "desk_work.everything": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "desk_work.handover": [
        ("", {}, {"GET": "L----++-", "POST": "L----++-"}),
    ],
    "desk_work.handover_paper": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "desk_work.indicator": [
        ("definition", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "desk_work.indicators": [
        ("", {}, {"GET": "L----++-"}),
    ],
    "desk_work.new_indicator": [
        ("", {}, {"GET": "L----++-", "POST": "L----++-"}),
    ],
    "plans.book": [
        ("plan", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "plans.index": [
        ("", {}, {"GET": "L----++-", "POST": "L----++-"}),
    ],
    "plans.show": [
        ("plan", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "registration_codes.end": [
        ("registration_code", {}, {"POST": "L----++-"}),
        ("nothing", {}, {"POST": "L-------"}),
    ],
    "registration_codes.index": [
        ("", {}, {"GET": "L----++-", "POST": "L----++-"}),
    ],
    "registration_codes.poster": [
        ("registration_code", {}, {"GET": "L----++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "public.partnership": [
        ("worked", {}, {"GET": "++++++++", "POST": "++++++++"}),
        ("decided", {}, {"GET": "--------", "POST": "--------"}),
        ("nothing", {}, {"GET": "--------", "POST": "--------"}),
    ],
    "public.partnerships": [
        ("", {}, {"GET": "++++++++"}),
    ],
    "public.picture": [
        ("worked", {}, {"GET": "++++++++"}),
        ("decided", {}, {"GET": "--------"}),
        ("nothing", {}, {"GET": "--------"}),
    ],
    "public.poster": [
        ("worked", {}, {"GET": "++++++++"}),
        ("decided", {}, {"GET": "--------"}),
        ("nothing", {}, {"GET": "--------"}),
    ],
    "work.calendar_file": [
        ("worked", {}, {"GET": "L+-+-++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "work.document": [
        ("worked", {"document_id": "draft_agreement"}, {"GET": "L+-+-++-"}),
        ("decided", {"document_id": "draft_agreement"}, {"GET": "L-------"}),
        ("nothing", {"document_id": "draft_agreement"}, {"GET": "L-------"}),
    ],
    "work.evidence": [
        ("", {}, {"GET": "L++-----"}),
    ],
    "work.export": [
        ("worked", {}, {"GET": "L----++-", "POST": "L----++-"}),
        ("nothing", {}, {"GET": "L-------", "POST": "L-------"}),
    ],
    "work.export_file": [
        ("worked", {"ticket_id": "bundle_ticket"}, {"GET": "L----++-"}),
        ("decided", {"ticket_id": "bundle_ticket"}, {"GET": "L-------"}),
        ("worked", {"ticket_id": "nothing"}, {"GET": "L-------"}),
    ],
    "work.file": [
        ("worked", {"file_id": "file"}, {"GET": "L+-+-++-"}),
        ("decided", {"file_id": "file"}, {"GET": "L-------"}),
        ("nothing", {"file_id": "file"}, {"GET": "L-------"}),
    ],
    "work.ledger": [
        ("worked", {}, {"GET": "L+-+-++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "work.paper": [
        ("worked", {"paper": "agreement"}, {"GET": "L+-+-++-"}),
        ("worked", {"paper": "final"}, {"GET": "L-------"}),
        ("nothing", {"paper": "agreement"}, {"GET": "L-------"}),
    ],
    "work.results": [
        ("worked", {}, {"GET": "L+-+-++-"}),
        ("nothing", {}, {"GET": "L-------"}),
    ],
    "work.section": [
        *(
            ("worked", {"section": section}, {"GET": "L+-+-++-"})
            for section in ("plan", "agreement", "progress", "payment", "evaluation", "publication", "files")
        ),
        ("nothing", {"section": "plan"}, {"GET": "L-------"}),
    ],
}

#: The workspace's forms: who may open them, and the record that they are about.
_PARTIES, _ALL, _CITY, _MANAGER = "L+-+-xx-", "L+-+-++-", "Lx-x-++-", "Lx-x-x+-"
_FORMS: dict[str, dict[str, str | None]] = {
    _PARTIES: {
        "name_contact": None, "write_trial": None, "write_trial_result": None, "write_purpose": None, "write_logic": None, "save_link": None,
        "drop_link": None,
        "save_indicator": None, "drop_indicator": None, "write_milestones": None, "write_agreement": None, "save_rule": None,
        "drop_rule": None, "reopen_talks": None, "confirm_contribution": "contribution", "write_report": "report",
        "write_outcome_report": None, "renew": None, "name_company": None,
    },
    _ALL: {
        "record_meeting": None, "add_task": None, "finish_task": "task", "add_file": None, "accept_document": "draft_agreement",
        "drop_document": "draft_agreement", "suspend": None, "resume": None, "terminate": None,
        "record_contribution": None, "cancel_contribution": "contribution", "submit_measurement": "indicator",
        "review_measurement": "measurement", "add_risk": None, "change_risk": "risk", "close_risk": "risk", "report_incident": None,
        "resolve_incident": "incident", "rate": None, "decline_rating": None, "discuss": "sheet", "add_voice": None,
        "add_lesson": None, "write_publication": None, "unpublish": None,
    },
    _CITY: {
        "confirm_agreement": None, "return_agreement": None, "review_report": "report",
        "publish_incident": "incident", "calculate": "payment_rule", "calculate_fixed": None, "record_paid": "payment",
        "rate_third_party": None, "conclude": None, "close": None,
    },
    _MANAGER: {"approve_payment": "payment"},
}  # fmt: skip
EXPECTATIONS["work.act"] = [
    ("worked", {"action": action} | ({"?item": item} if item else {}), {"GET": letters, "POST": letters})
    for letters, forms in _FORMS.items()
    for action, item in forms.items()
] + [
    ("nothing", {"action": action}, {"GET": "L-------", "POST": "L-------"})
    for forms in _FORMS.values()
    for action in forms
]
