"""The features: what can be applied for, drafts and materials, applications, messages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from adapters.outbox.delivery import TopicHandler
from adapters.wechat.templates import registered_templates
from bff.recipients import PassedMessages, PeopleAsRecipients
from bff.settings import Settings
from bff.sweeping import Seldom
from bff.wiring.ground import Ground, Parts
from bff.wiring.peers import Peers
from bff.wiring.people import People
from miniprogram_api.applications.addressees import Applicants
from miniprogram_api.applications.belongings import ApplicationBelongings
from miniprogram_api.applications.casebook import Casebook
from miniprogram_api.applications.documents import FiledDocuments, FilesOfApplications
from miniprogram_api.applications.forwarding import ForwardHandler
from miniprogram_api.applications.log import ApplicationLog
from miniprogram_api.applications.notices import (
    CertificateHandler,
    ProvincePushes,
    StatusHandler,
)
from miniprogram_api.applications.overdue import OverdueHandler
from miniprogram_api.applications.service import ApplicationService
from miniprogram_api.applications.submitting import SubmissionService
from miniprogram_api.applications.views import ApplicationViews
from miniprogram_api.applications.waiting import Waiters
from miniprogram_api.catalogue.following import CatalogueFollower
from miniprogram_api.catalogue.service import Catalogue, CatalogueService, NameChecks
from miniprogram_api.drafts.belongings import DraftBelongings
from miniprogram_api.drafts.erasure import TOPIC as FORGET_TOPIC
from miniprogram_api.drafts.erasure import DraftForgetting
from miniprogram_api.drafts.history import DraftHistories
from miniprogram_api.drafts.prefill import TOPIC as PREFILL_TOPIC
from miniprogram_api.drafts.prefill import Prefill, PrefillHandler
from miniprogram_api.drafts.restoring import DraftRestoring
from miniprogram_api.drafts.service import (
    DraftDesk,
    DraftDocuments,
    DraftFiles,
    DraftReview,
    DraftService,
    SignableDrafts,
)
from miniprogram_api.invitations.grants import GrantBook
from miniprogram_api.materials.belongings import MaterialBelongings
from miniprogram_api.materials.erasure import FileErasure, PartErasure
from miniprogram_api.materials.filing import SCAN_TOPIC, Filing
from miniprogram_api.materials.generated import TOPIC as DOCUMENTS_TOPIC
from miniprogram_api.materials.generated import DocumentErasure, GeneratedDocuments
from miniprogram_api.materials.intake import Intake
from miniprogram_api.materials.scanning import ScanHandler
from miniprogram_api.materials.service import MaterialService
from miniprogram_api.materials.uploads import UploadService
from miniprogram_api.messages.service import MessageService, WeChatEvents
from miniprogram_api.names.service import TOPIC as NAME_TOPIC
from miniprogram_api.names.service import NameKeeping, NameRelease
from miniprogram_api.signatures.service import SignatureBook
from push.belongings import MessageBelongings, PushConsentBelongings
from push.channels.wechat import WeChatChannel
from push.consents import PushConsents
from push.dispatch import NoticeHandler, SendHandler, Teller, TellHandler
from push.inbox import MessageInbox
from push.platform_events import PlatformEvents
from push.ports import ChannelTemplate
from push.put import TOPIC as NOTICE_TOPIC

ORPHANS_PAUSE = timedelta(hours=1)
"""Every key of the storage is listed and looked up; what is swept has lain there for a day."""


@dataclass(frozen=True)
class Forms:
    """What the other features ask of drafts and their materials."""

    drafts: DraftService
    review: DraftReview
    materials: MaterialService
    documents: GeneratedDocuments
    signable: SignableDrafts
    signatures: SignatureBook


def keep_forms(ground: Ground, peers: Peers, who: People) -> tuple[Forms, Parts]:
    """The catalogue, drafts and their materials."""
    clock, ring, outbox = ground.clock, ground.ring, ground.outbox
    catalogue = CatalogueService(Catalogue.load(), clock)
    follower = CatalogueFollower(catalogue, ground.calendar, ground.coordination.notifier, clock)
    storage = ground.storage
    grants = GrantBook(who.access_log, ring, clock)
    signatures = SignatureBook(who.people, who.companies, ring, outbox, clock)
    desk = DraftDesk(catalogue, ring, clock, grants, signatures)
    drafts, files = DraftService(desk, catalogue, outbox), DraftFiles(desk)
    review = DraftReview(desk, who.people)
    filing = Filing(files, outbox, ring, clock)
    intake = Intake(storage, ground.workshop, scanning=peers.scanner is not None)
    materials = MaterialService(files, filing, intake, storage, outbox, ring, clock)
    uploads = UploadService(files, filing, intake, storage, outbox, ring, clock)
    documents = GeneratedDocuments(
        DraftDocuments(desk), storage, ground.workshop, outbox, ring, clock
    )
    names = NameChecks(catalogue, peers.name_library)
    keeping = NameKeeping(names, drafts, outbox, ring, clock)
    prefill = Prefill(peers.licences, catalogue, who.companies, clock)
    handlers: dict[str, TopicHandler] = {
        "file.erase": FileErasure(storage, outbox),
        "upload.erase": PartErasure(storage),
        DOCUMENTS_TOPIC: DocumentErasure(outbox),
        FORGET_TOPIC: DraftForgetting(desk.log),
        SCAN_TOPIC: ScanHandler(files, storage, peers.scanner, outbox, clock),
        NAME_TOPIC: NameRelease(names),
        PREFILL_TOPIC: PrefillHandler(prefill, catalogue, outbox, ring, clock),
    }
    sweeps: dict[str, Callable[[], Awaitable[int]]] = {
        "expired drafts": drafts.erase_expired,
        "old revisions": drafts.tend,
        "ended uploads": uploads.sweep,
        "orphaned files": Seldom(materials.sweep_orphans, ORPHANS_PAUSE, clock),
        "kept names": keeping.sweep,
        "catalogue versions": lambda: catalogue.purge(drafts.uses_version),
    }
    belongings = (
        DraftBelongings(outbox, ring, clock, grants),
        MaterialBelongings(FilesOfApplications(), outbox, ring),
        keeping,
    )
    parts = Parts(
        (
            catalogue, follower, names, keeping, drafts, review, prefill, materials, uploads,
            documents, DraftHistories(desk, catalogue, grants),
            DraftRestoring(desk, catalogue, drafts),
        ),
        handlers,
        sweeps,
        belongings,
        opening=(follower.open,),
        following={"catalogue polls": follower.poll, "catalogue news": follower.listen},
    )  # fmt: skip
    forms = Forms(drafts, review, materials, documents, SignableDrafts(desk), signatures)
    return forms, parts


def tell_applicants(ground: Ground, peers: Peers, who: People) -> tuple[MessageInbox, Parts]:
    """What the applicant is told, in the app and on the phone."""
    clock = ground.clock
    recipients = PeopleAsRecipients(who.people)
    channels = (WeChatChannel(peers.wechat, _wechat_templates(ground.settings)),)
    consents = PushConsents(channels, clock)
    inbox = MessageInbox(clock)
    events = PlatformEvents("wechat", ground.inbox, recipients, consents, clock)
    teller = Teller(channels, recipients, ground.outbox, clock)
    handlers: dict[str, TopicHandler] = {
        "applicant.tell": TellHandler(teller, Applicants()),
        NOTICE_TOPIC: NoticeHandler(teller, recipients),
        "push.send": SendHandler(
            channels,
            recipients,
            consents,
            PassedMessages(who.access_log),
            ground.outbox,
            clock,
        ),
        "wechat.event": events,
    }
    services = (MessageService(inbox, consents), WeChatEvents(peers.wechat_callbacks, events))
    belongings = (MessageBelongings(inbox), PushConsentBelongings(consents))
    return inbox, Parts(services, handlers, {}, belongings)


def _wechat_templates(settings: Settings) -> list[ChannelTemplate]:
    """The account's subscribe messages as pushing sees them."""
    return [
        ChannelTemplate(
            key=template.key,
            template_id=template_id,
            name=template.title,
            long_term=template.long_term,
            keywords=tuple(template.keywords),
        )
        for template_id, template in registered_templates(settings.wechat.templates).items()
    ]


def follow_applications(
    ground: Ground, peers: Peers, who: People, forms: Forms
) -> tuple[ApplicationService, Parts]:
    """Submitting, forwarding to the province, following every matter."""
    clock, ring = ground.clock, ground.ring
    waiters = Waiters(ground.coordination.notifier)
    log = ApplicationLog(ring)
    views = ApplicationViews(ring, ground.calendar, clock)
    casebook = Casebook(log, ground.outbox, ground.calendar, waiters, ring, clock)
    applications = ApplicationService(log, views, waiters)
    submissions = SubmissionService(
        forms.review,
        forms.documents,
        who.people,
        who.companies,
        casebook,
        ground.outbox,
        views,
        ring,
        clock,
    )
    handlers: dict[str, TopicHandler] = {
        "application.forward": ForwardHandler(casebook, peers.one_window, who.access_log, ring),
        "province.status": StatusHandler(casebook, ground.inbox),
        "province.certificate": CertificateHandler(casebook, ground.inbox),
        "matter.overdue": OverdueHandler(casebook, clock),
    }
    pushes = ProvincePushes(peers.one_window_callbacks, ground.inbox)
    documents = FiledDocuments(peers.one_window_callbacks, forms.materials, who.access_log)
    services = (applications, submissions, pushes, documents)
    belongings = (ApplicationBelongings(applications, ring, clock),)
    return applications, Parts(services, handlers, {}, belongings)
