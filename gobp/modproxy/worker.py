"""Put the parts of a worker together, as the settings say."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from gobp.modproxy.access.access import Access
from gobp.modproxy.access.audit import AuditLog
from gobp.modproxy.fetching.backing import Backing
from gobp.modproxy.fetching.changing import ChangingAnswers
from gobp.modproxy.fetching.checks import Notary, ZipHash
from gobp.modproxy.fetching.files import FileFetcher
from gobp.modproxy.fetching.flights import Flights, check_cluster, open_flights
from gobp.modproxy.fetching.jobs import Jobs
from gobp.modproxy.fetching.remembered import Memory, Misses
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.index.opening import open_index
from gobp.modproxy.index.recorder import Recorder
from gobp.modproxy.pages.site import Site
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.published.published_tree import PublishedTree
from gobp.modproxy.published.upload import Upload
from gobp.modproxy.published.webhook import Webhook
from gobp.modproxy.routing import Route
from gobp.modproxy.rules.router import RulesRouter
from gobp.modproxy.rules.validator import Validator, check_validator
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.measured import Count, MeasuredChains
from gobp.modproxy.storage.opening import check_backing, open_backing
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.sums.sums import open_sums
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import read_zip_hash, zip_hash
from gobp.modproxy.vcs.source import VcsSource


@dataclass(frozen=True, slots=True)
class Worker:
    """The parts of a worker that its server speaks to.

    ``now`` tells what holds at a moment, by name; ``closing`` is called in order at the end.
    """

    service: ModuleService
    router: RulesRouter
    access: Access
    recorder: Recorder
    site: Site
    upload: Upload
    webhook: Webhook
    now: Callable[[], dict[str, float]]
    closing: tuple[Callable[[], Awaitable[None]], ...]


async def make_worker(settings: Settings, count_upstream: Count, audit: AuditLog) -> Worker:
    """Return the parts of a worker, in its event loop. Raises UserError for wrong settings."""
    root = Path(settings.root)
    trees = Trees.below(root, durable=settings.durable)
    trees.prepare()
    direct = _direct(settings)
    sources = Sources(settings.upstream, direct=direct, env=os.environ)
    await sources.open()
    validator = Validator(settings.validator, sources.session) if settings.validator.url else None
    chains = MeasuredChains(sources, count_upstream)
    router = RulesRouter(settings, trees=trees, sources=chains, validator=validator)
    index = open_index(settings, root)
    recorder = Recorder(index)
    recorder.start()
    notary, databases = open_sums(
        settings.sums, tree=trees.public, sources=sources, is_private=router.is_private
    )
    shared = _Shared(
        flights=open_flights(settings, trees.public.locks),
        backing=open_backing(settings.store, trees, os.environ),
        zip_hash=zip_hash if settings.check_zips else read_zip_hash,
        notary=notary,
        databases=databases,
        router=router,
        on_published=_telling(recorder),
    )
    published = _published(settings, shared, trees, recorder)
    await published.start()
    limits = settings.limits
    fetches: Jobs[Path] = Jobs(running=limits.fetches, waiting=limits.waiting)
    asks: Jobs[bytes] = Jobs(running=limits.fetches, waiting=limits.waiting)
    return Worker(
        service=_service(settings, shared, fetches, asks),
        router=router,
        access=Access(settings.access, audit=audit),
        recorder=recorder,
        site=Site(settings, index),
        upload=_upload(shared),
        webhook=Webhook(settings.published, published),
        now=lambda: {"fetches": len(fetches), "upstream_questions": len(asks)},
        closing=(
            published.close,
            shared.backing.close,
            shared.flights.close,
            sources.close,
            direct.close,
        ),
    )


def check_parts(settings: Settings) -> None:
    """Raise UserError for settings that some part will not take, before any worker is started."""
    trees = Trees.below(Path(settings.root), durable=settings.durable)
    sources = Sources(settings.upstream, direct=_direct(settings), env=os.environ)
    router = RulesRouter(settings, trees=trees, sources=sources)
    open_sums(settings.sums, tree=trees.public, sources=sources, is_private=router.is_private)
    Access(settings.access)
    check_backing(settings.store, os.environ)
    check_cluster(settings)
    if settings.validator.url:
        check_validator(settings.validator)
    published = PublishedTree(settings, trees, env=os.environ, zip_hash=zip_hash)
    Webhook(settings.published, published)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What several parts use."""

    flights: Flights
    backing: Backing
    zip_hash: ZipHash
    notary: Notary
    databases: DatabaseFiles
    router: RulesRouter
    on_published: Callable[[ModuleFile, int, Route], None]


def _direct(settings: Settings) -> VcsSource:
    return VcsSource(settings.vcs, cache=Path(settings.root) / "vcs", env=os.environ)


def _telling(recorder: Recorder) -> Callable[[ModuleFile, int, Route], None]:
    def tell(file: ModuleFile, size: int, route: Route) -> None:
        """Have the index take note of a new file."""
        is_zip = file.kind is Kind.ZIP
        h1 = route.tree.pinned_hash(file.module, file.version) if is_zip else ""
        recorder.published(file, size, private=route.private, h1=h1)

    return tell


def _published(
    settings: Settings, shared: _Shared, trees: Trees, recorder: Recorder
) -> PublishedTree:
    return PublishedTree(
        settings,
        trees,
        env=os.environ,
        zip_hash=shared.zip_hash,
        on_published=lambda file, size: recorder.published(file, size, private=True),
    )


def _upload(shared: _Shared) -> Upload:
    return Upload(
        router=shared.router,
        flights=shared.flights,
        zip_hash=shared.zip_hash,
        backing=shared.backing,
        on_published=shared.on_published,
    )


def _service(
    settings: Settings, shared: _Shared, fetches: Jobs[Path], asks: Jobs[bytes]
) -> ModuleService:
    misses = Misses()
    files = FileFetcher(
        jobs=fetches,
        flights=shared.flights,
        notary=shared.notary,
        zip_hash=shared.zip_hash,
        backing=shared.backing,
        on_published=shared.on_published,
    )
    return ModuleService(
        router=shared.router,
        files=files,
        changing=ChangingAnswers(
            jobs=asks,
            memory=Memory(),
            misses=misses,
            files=files,
            fresh=settings.fresh,
            timeout=settings.limits.request_timeout,
            backing=shared.backing,
        ),
        misses=misses,
        databases=shared.databases,
        fresh=settings.fresh,
        request_timeout=settings.limits.request_timeout,
    )
