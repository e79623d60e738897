"""What the tests of the services of a case share."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.partners import Partners


@pytest.fixture
def partners(session: Session, now: datetime, tmp_path: Path) -> Partners:
    """A company and an NPO with the city's people."""
    return Partners(session, now, tmp_path / "files")
