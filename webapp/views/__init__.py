"""One blueprint per audience; this list is the table of contents."""

from webapp.views import (
    account,
    case_beginning,  # noqa: F401 – its pages belong to those of cases
    cases,
    company,
    coordinator,
    coordinator_organizations,  # noqa: F401 – adds its pages to the coordinator's blueprint
    coordinator_postings,  # noqa: F401 – likewise
    desk_work,
    imports,
    making,
    npo,
    organization,
    public,
    suggestions,
    work,
)

BLUEPRINTS = (
    public.blueprint,
    account.blueprint,
    organization.blueprint,
    company.blueprint,
    npo.blueprint,
    suggestions.blueprint,
    cases.blueprint,
    coordinator.blueprint,
    imports.blueprint,
    work.blueprint,
    desk_work.blueprint,
    making.blueprint,
)
