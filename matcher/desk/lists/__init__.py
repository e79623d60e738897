"""The lists of the desk, each a module of its own; the pages take them from ``LISTS``."""

from typing import Final

from matcher.desk.lists.audit import AUDIT
from matcher.desk.lists.cases import CASES
from matcher.desk.lists.exposure import EXPOSURE
from matcher.desk.lists.listing import DeskList
from matcher.desk.lists.organizations import ORGANIZATIONS
from matcher.desk.lists.postings import NEEDS, OFFERS

#: name in addresses → list
LISTS: Final[dict[str, DeskList]] = {
    one.name: one for one in (ORGANIZATIONS, NEEDS, OFFERS, CASES, EXPOSURE, AUDIT)
}
