"""Who is to be told of an application."""

from miniprogram_api.applications.models import Application


class Applicants:
    """``push.ports.Addressees``. What happened names the application, not the person: until it is
    told, the person may have turned out to be another, or the account may have been deleted."""

    async def addressee_of(self, application_id: str) -> str | None:
        application = await Application.get_or_none(id=application_id, restricted_at__isnull=True)
        return application.person_id if application is not None else None
