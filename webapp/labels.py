"""The closed lists of ``matcher.ground`` in the reader's language: labels from a catalogue."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import flask_babel

from matcher.ground import lifecycle as _lifecycle
from matcher.ground import vocabulary as _vocabulary


def gettext(text: str, **facts: Any) -> str:
    """``flask_babel.gettext`` with a type."""
    return str(flask_babel.gettext(text, **facts))


def said(label: Any) -> Any:
    """A label, or what has one, in the reader's language; anything else as it is."""
    if isinstance(label, str):
        return gettext(label) if label else label
    if isinstance(label, Mapping):
        return _Labels(label)
    if isinstance(label, _vocabulary.SupportType):
        return replace(label, label=gettext(label.label), example=gettext(label.example))
    return label


class _Labels(Mapping[str, Any]):
    def __init__(self, labels: Mapping[str, Any]) -> None:
        self._labels = labels

    def __getitem__(self, code: str) -> Any:
        return said(self._labels[code])

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)


class _Lists:
    """The lists of a module; what is no list of labels is the module's own."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        return _Labels(found) if isinstance(found, Mapping) else found

    def support_label(self, code: str | None) -> str:
        """See ``vocabulary.support_label``."""
        found = _vocabulary.support_label(code)
        return str(said(found))


vocabulary = _Lists(_vocabulary)
lifecycle = _Lists(_lifecycle)
