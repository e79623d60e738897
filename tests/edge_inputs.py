"""The awkward inputs that every text field, import, export and search must take (one shared list)."""

EDGE_INPUTS = (
    "㈱髙﨑商店",
    "𠮷野家",
    "葛\U000e0100飾区",
    "ﾊﾝｶｸｶﾅ",
    "か\u3099き\u3099く\u3099",
    "①Ⅲ㌔㍻",
    "～/〜",
    "−/－/ー/―/‐/一",
    "\u3000\u3000\u3000",
    "福\u200b祉\u2060と\ufeff教育",
    "請求書\u202excod.exe",
    "👨‍👩‍👧‍👦と🇯🇵と👍🏽",
    "\ud800",
    "前\x00後",
    "あ" * 100_000,
    "行\n" * 10_000,
    "Z" + "\u0301\u0323\u0336" * 1_000,
    "一行目\r二行目",
    "<ruby>漢字<rt>かんじ</rt></ruby>",
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}#{7*7}",
    '=HYPERLINK("https://evil.example","x")',
    "福祉",
    "English only, please.",
    "مرحبا بكم",
    "' OR 1=1 --",
    ".*+?[(",
    "%_\\",
)

#: Marks heaped on a letter until sorting them takes minutes: no input path may pass them on to be sorted.
HEAPED = (
    "a" + "\u0315\u0300" * 40_000,
    "か" + "\u3099\u302a" * 40_000,
    "ｶ" + "\uff9e\u0315" * 40_000,
    "a" + ("\u0315" + "\u0300" * 29 + "b") * 2_000,
    "\u0f73\u0f71" * 20_000,
)
