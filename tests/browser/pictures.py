"""Pictures of the screens on which the city's work is decided, on a phone and on a town-hall screen:
``python -m tests.browser.pictures FOLDER [--dark]``. For people to look at, before and after.
"""

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

from matcher.agreements import acts as agreement_acts
from tests.browser.conftest import browsing
from tests.browser.look import DESK, NEED, PHONE, Town, Walk, town, waiting_organization


def screens(found: Town) -> Iterator[tuple[str, str | None, str, str]]:
    """Name, role, path, and the case of which the role must be (empty where it does not matter)."""
    review, draft = found.case("agreement_review")[0], found.case("agreement_draft")[0]
    approving, own = found.case("coordinator_review")[0], found.cases_of("npo")[0]
    yield from (
        ("public-top", None, "/", ""),
        ("public-story", None, f"/partnerships/{found.case(published=True)[0]}", ""),
        ("home-npo", "npo", "/npo", ""),
        ("home-company", "company", "/company", ""),
        ("home-city", "coordinator", "/desk", ""),
        ("suggestions", "company", "/company/suggestions", ""),
        ("case", "npo", f"/cases/{own}", ""),
        ("case-to-approve", "coordinator", f"/cases/{approving}", ""),
        ("approve", "coordinator", f"/cases/{approving}/approve", ""),
        ("agreement-form", "company", f"/cases/{draft}/do/{agreement_acts.draft.name}", draft),
        ("agreement-confirm", "manager", f"/cases/{review}/do/{agreement_acts.confirm.name}", ""),
        ("verification", "coordinator", f"/desk/organizations/{waiting_organization(found)}", ""),
        ("notices", "coordinator", "/notices", ""),
        ("list-needs", "coordinator", "/desk/needs?state=open", ""),
    )


def take(found: Town, folder: Path, *, dark: bool) -> None:
    """Keep them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for window in (PHONE, DESK):
        for name, role, path, case in screens(found):
            with found.lending(role or "", case), found.walk(role, window, dark=dark) as walk:
                walk.open(path)
                _keep(walk, folder / f"{name}-{window[0]}.png")
        with found.walk("npo", window, dark=dark) as walk:
            walk.person.go("/npo/needs")
            walk.person.press(walk.person.page.get_by_role("button", name="ニーズを書く"))
            while not walk.path.endswith("/sent"):
                walk.fill(NEED, walk.note()["names"])
                _keep(walk, folder / f"need-{walk.pages}-{window[0]}.png")
                walk.press()


def _keep(walk: Walk, path: Path) -> None:
    walk.person.page.screenshot(path=path, full_page=True)


def main() -> None:
    """Serve the demo city and take the pictures."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("folder", type=Path)
    wanted.add_argument(
        "--dark", action="store_true", help="as somebody sees them who asked for dark screens"
    )
    chosen = wanted.parse_args()
    with browsing() as browser, town(browser) as found:
        take(found, chosen.folder, dark=chosen.dark)


if __name__ == "__main__":
    main()
