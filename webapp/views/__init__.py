"""One blueprint per audience; this list is the table of contents."""

from webapp.views import (
    account,
    alerts,
    case_beginning,  # noqa: F401 – its pages belong to those of cases
    cases,
    company,
    coordinator,
    coordinator_organizations,  # noqa: F401 – adds its pages to the coordinator's blueprint
    coordinator_postings,  # noqa: F401 – likewise
    coordinator_shown,  # noqa: F401 – likewise
    desk_work,
    imports,
    invitations,  # noqa: F401 – adds its pages to the coordinator's blueprint
    joint,  # noqa: F401 – adds its pages to those of the desk and of NPOs
    making,
    moved,
    npo,
    organization,
    own_account,  # noqa: F401 – adds its pages to the account's blueprint
    people,  # noqa: F401 – likewise
    plans,
    public,
    questions,  # noqa: F401 – adds its pages to those of companies and NPOs
    registration_codes,
    search,  # noqa: F401 – its page belongs to those for everybody
    suggestions,
    together,  # noqa: F401 – its page belongs to those of cases
    work,
    work_act,  # noqa: F401 – adds its pages to the workspace
    work_files,  # noqa: F401 – likewise
)

BLUEPRINTS = (
    public.blueprint,
    account.blueprint,
    organization.blueprint,
    company.blueprint,
    npo.blueprint,
    suggestions.blueprint,
    alerts.blueprint,
    cases.blueprint,
    coordinator.blueprint,
    imports.blueprint,
    work.blueprint,
    desk_work.blueprint,
    registration_codes.blueprint,
    plans.blueprint,
    making.blueprint,
    moved.blueprint,
)
