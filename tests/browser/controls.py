"""What of a page can be operated without changing anything: GET forms with their controls, and links that
change the query. Read from the HTML, so that every option of every control can be tried over HTTP.
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

from matcher.ground import vocabulary

_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: Labels of one character that are whole words.
SHORT_LABELS = frozenset(
    {"市", *(unit for support in vocabulary.SUPPORT_TYPES.values() for unit in support.units)}
) | {unit for unit in vocabulary.INDICATOR_UNITS if len(unit) == 1}
_CODE = re.compile(r"[a-z][a-z0-9_]*|[0-9a-f]{8,}|<.*>|None")


@dataclass
class Option:
    """One choice of a control: what is sent, how it reads, whether it is the chosen one."""

    value: str
    label: str
    chosen: bool


@dataclass
class Control:
    """One named control. Radio buttons and boxes of one name are one control; a text has one value."""

    kind: str
    name: str
    label: str = ""
    options: list[Option] = field(default_factory=list)
    value: str = ""

    @property
    def sent(self) -> list[str]:
        """The values that a browser would send unchanged."""
        if self.kind not in {"select", "select-multiple", "radio", "checkbox"}:
            return [self.value]
        chosen = [option.value for option in self.options if option.chosen]
        return chosen or ([self.options[0].value] if self.kind == "select" and self.options else [])

    def faults(self, short: Container[str] = ()) -> Iterator[str]:
        """Labels that nobody can read; ``short``: what else is a whole word of one letter."""
        if self.kind == "hidden":
            return
        if not self.label.strip():
            yield f"{self.kind} {self.name!r} has no label"
        for option in self.options:
            if option.label not in short and is_bad_label(option.label):
                yield f"{self.kind} {self.name!r}: an option reads {option.label!r} (sends {option.value!r})"
                return


def is_bad_label(label: str) -> bool:
    """Whether a label is a single letter, or a bare code, rather than words."""
    label = label.strip()
    return label not in SHORT_LABELS and (len(label) < 2 or _CODE.fullmatch(label) is not None)


@dataclass
class Form:
    """One form: its method, where it goes, its controls in order, and its buttons."""

    method: str
    action: str
    controls: dict[str, Control] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)

    def sent(self, **changes: list[str]) -> list[tuple[str, str]]:
        """What a browser sends with these controls changed."""
        values = {name: control.sent for name, control in self.controls.items()} | changes
        return [(name, value) for name, found in values.items() for value in found]

    def address(self, here: str, **changes: list[str]) -> str:
        """Where sending the form by its button leads."""
        return f"{urlsplit(self.action or here).path}?{urlencode(self.sent(**changes))}"


@dataclass
class Link:
    """A link: how it reads and where it leads; the marks of the present page and order."""

    text: str
    href: str
    is_download: bool = False
    mark: str = ""  #: aria-current of the link, or aria-sort of its column


@dataclass
class Reading:
    """A page: its forms and links, and the words of its main part without those in controls."""

    forms: list[Form] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    words: str = ""

    @property
    def get_forms(self) -> list[Form]:
        """The forms that change nothing."""
        return [form for form in self.forms if form.method == "get"]

    def changing(self, path: str) -> list[Link]:
        """Links to this same page with other values in the query: sort heads, pagers, tabs, chips."""
        here = urlsplit(path)
        return [
            link
            for link in self.links
            if not link.is_download
            and urlsplit(link.href).path in {"", here.path}
            and urlsplit(link.href).query not in {"", here.query}
        ]

    def twin(self, form: Form) -> Form | None:
        """The form of another reading of the page, by the path to which it goes and its controls."""
        target = urlsplit(form.action).path
        same = [found for found in self.get_forms if urlsplit(found.action).path == target]
        return next((found for found in same if set(form.controls) <= set(found.controls)), None)


def query_of(path: str) -> Mapping[str, str]:
    """The values of an address."""
    return dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))


def read(html: str) -> Reading:
    """Take a page apart."""
    reader = _Reader()
    reader.feed(html)
    reader.name_controls()
    return reader.reading


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.reading = Reading()
        self.form: Form | None = None
        self.control: Control | None = None
        self.open: list[tuple[str, dict[str, str], list[str]]] = []
        self.labels: dict[str, str] = {}  # id of a control → its words
        self.waiting: list[tuple[str, Control, Option | None]] = []  # id, and what it names
        self.legends: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(values.get("method", "get").lower(), values.get("action", ""))
            self.reading.forms.append(self.form)
        elif tag == "fieldset":
            self.legends.append("")
        elif tag in {"select", "textarea", "input"} and self.form is not None and "name" in values:
            self._note(tag, values)
        if tag not in _VOID:
            self.open.append((tag, values, []))

    def _note(self, tag: str, values: dict[str, str]) -> None:
        assert self.form is not None
        kind = values.get("type", "text") if tag == "input" else tag
        if kind in {"submit", "button", "image", "reset"}:
            return
        if tag == "select" and "multiple" in values:
            kind = "select-multiple"
        kind = values.get("inputmode", kind) if kind == "text" else kind
        name = values["name"]
        control = self.form.controls.setdefault(name, Control(kind, name))
        label = values.get("aria-label", "")
        if kind in {"radio", "checkbox"}:
            option = Option(values.get("value", "on"), label, "checked" in values)
            control.options.append(option)
            control.label = control.label or next((one for one in reversed(self.legends) if one), "")
            self._await(values, control, option)
        else:
            control.label, control.value = label, values.get("value", "")
            self._await(values, control, None)
        self.control = control if tag != "input" else None

    def _await(self, values: dict[str, str], control: Control, option: Option | None) -> None:
        # A label that stands around its control names it when it ends.
        around = next((tag for tag in reversed(self.open) if tag[0] == "label"), None)
        key = values.get("id") or f"#{len(self.waiting)}"
        if around is not None:
            around[1]["for"] = key
        self.waiting.append((key, control, option))

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            name, values, parts = self.open.pop()
            text = " ".join("".join(parts).split())
            if self.open and name not in {"select", "form", "script", "style", "textarea"}:
                # The words of controls are not what a list shows.
                self.open[-1][2].append("".join(parts) + (" " if name not in {"span", "a", "b"} else ""))
            self._close(name, values, text)
            if name == tag:
                return

    def _close(self, name: str, values: dict[str, str], text: str) -> None:
        if name == "label":
            self.labels[values.get("for", "")] = text
        elif name == "legend" and self.legends:
            self.legends[-1] = text
        elif name == "fieldset" and self.legends:
            self.legends.pop()
        elif name == "option" and self.control is not None:
            self.control.options.append(Option(values.get("value", text), text, "selected" in values))
        elif name in {"select", "textarea"}:
            if name == "textarea" and self.control is not None:
                self.control.value = text
            self.control = None
        elif name == "button" and self.form is not None and values.get("type", "submit") == "submit":
            self.form.buttons.append(text)
        elif name == "a" and "href" in values:
            sort = next((one[1].get("aria-sort", "") for one in reversed(self.open) if one[0] == "th"), "")
            self.reading.links.append(
                Link(text, values["href"], "download" in values, values.get("aria-current", "") or sort)
            )
        elif name == "form":
            self.form = None
        elif name == "main":
            self.reading.words = text

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1][2].append(data)

    def name_controls(self) -> None:
        """Labels may stand before or after what they name."""
        for key, control, option in self.waiting:
            words = self.labels.get(key, "")
            if option is not None:
                option.label = option.label or words
                control.label = control.label or words
            else:
                control.label = control.label or words
