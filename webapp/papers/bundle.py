"""案件の記録一式: the same masked facts as the JSON beside it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from matcher.city import cities


def facts(content: Mapping[str, Any], number: str, city: cities.City, now: datetime) -> dict[str, Any]:
    """What the paper of a disclosure says."""
    return {
        "content": content, "case": {"number": number}, "city": {"name": city.name, "section": city.section},
        "made_at": now, "title": str(_("案件の記録一式")), "areas": dict(city.area_labels),
    }  # fmt: skip
