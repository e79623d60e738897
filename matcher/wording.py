"""The Japanese sentences that notices and mails carry: (subject, body) by event.

Plain text without links as the only way on; each body says what happened, the number, and what to do
next. Screen texts stand in templates; these are here because the outbox is written by services.
"""

SIGNATURE = "\n\n――\n{city} 縁むすび（{section}）\n電話 {phone}\nこのメールは自動で送っています。ログインすると、お知らせの画面でも同じ内容を読めます。"
