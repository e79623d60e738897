"""One blueprint per audience; this list is the table of contents."""

from webapp.views import account, cases, company, coordinator, imports, npo, organization, public, suggestions

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
)
