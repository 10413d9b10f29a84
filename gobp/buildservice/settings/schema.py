"""What the settings file of the build service may hold: each setting with its default.

The texts below the settings are their documentation (docs/buildservice-settings.md).
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from gobp.serving.listening import Tls
from gobp.serving.settings.section import Section
from gobp.serving.settings.values import Duration, Size

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Scope = Literal["read", "build", "admin"]


class GitHost(Section, frozen=True):
    """A host of git repositories that may be built from."""

    host: str
    """github.com, git.corp.example:8443 or *.corp.example."""
    owners: tuple[str, ...] = ()
    """First parts of paths that are allowed, as corp; empty: all."""
    user: str = ""
    """Whom git logs in as."""
    password_file: str = ""
    """File with the password or token; it never leaves the service."""
    private_addresses: bool = False
    """Whether the host may have an address of a private network, or of this machine."""
    insecure: bool = False
    """Allow http, for hosts of a test."""


class Sources(Section, frozen=True):
    """What may be built, and where it is fetched from."""

    modules: str = "*"
    """Patterns of modules, as in GOPRIVATE, that may be built; "" for none."""
    proxies: str = ""
    """As GOPROXY: where modules come from. Empty: what go env GOPROXY says. No direct: use git."""
    sums: str = ""
    """As GOSUMDB: what modules are verified with. Empty: what go env GOSUMDB says; or off."""
    unlisted: str = ""
    """As GONOSUMDB: modules that the database does not know."""
    git: tuple[GitHost, ...] = ()
    """Hosts that may be cloned from; none by default."""
    timeout: Duration = Duration(300)
    """How long fetching the source of one build may take."""
    resolve_timeout: Duration = Duration(30)
    """How long it may take to find out what a ref stands for."""
    moving: Duration = Duration(60)
    """For how long it is believed what a branch or latest stands for."""
    most: Size = Size(1024 * 1024 * 1024)
    """The largest source, unpacked."""


class Limits(Section, frozen=True):
    """What one build may use."""

    memory: Size = Size(4 * 1024 * 1024 * 1024)
    """Memory of all its processes."""
    processes: Count = 512
    """Processes and threads at the same time."""
    disk: Size = Size(8 * 1024 * 1024 * 1024)
    """What it may write."""
    output: Size = Size(8 * 1024 * 1024)
    """What it may print; the log is cut before."""
    timeout: Duration = Duration(1200)
    """How long it may run."""
    artifact: Size = Size(1024 * 1024 * 1024)
    """The largest archive."""


class Sandbox(Section, frozen=True):
    """What keeps code of repositories in."""

    kind: Literal["bubblewrap", "none"] = "bubblewrap"
    """none runs it as any program of this machine, and needs i_trust_all_sources."""
    i_trust_all_sources: bool = False
    """Says that code of every repository that may be built may do what this user may."""
    user: str = ""
    """Whom builds run as where the service is root. Empty: nobody."""


class Queue(Section, frozen=True):
    """How builds wait for workers."""

    postgresql: str = ""
    """A connection string; empty: an SQLite file below root. A password is better in PGPASSFILE."""
    slots: Annotated[int, Meta(ge=0, le=1024)] = 0
    """Builds at the same time in one process; 0: half of the cores, at least one."""
    work: bool = True
    """Whether the server works too; else only gobp worker does."""
    lease: Duration = Duration(15)
    """After how long without a sign of life a build is given to another worker."""
    attempts: Count = 3
    """How often a build is given to a worker before it ends as error."""
    waits: Duration = Duration(86_400)
    """How long a build may wait."""
    waiting: Count = 10_000
    """Builds that may wait at the same time; more are answered 503."""


class Store(Section, frozen=True):
    """Where artifacts are; empty url: a folder below root."""

    url: str = ""
    """s3://bucket/prefix."""
    endpoint: str = ""
    """URL of the storage; empty: that of AWS."""
    region: str = "us-east-1"
    """Region that requests are signed for."""
    access_key_file: str = ""
    """File of two lines: access key and secret key. Empty: the variables AWS_..."""
    allow_http: bool = False
    """Allow an endpoint without TLS."""
    redirect: bool = True
    """Send clients to a presigned URL; else artifacts go through the service."""


class Keep(Section, frozen=True):
    """What is kept for how long; pinned builds always are."""

    age: Duration = Duration(0)
    """Builds that ended longer ago are removed; 0: never."""
    bytes: Size = Size(0)
    """Artifacts beyond it are removed, the oldest first; 0: no bound."""
    failed: Duration = Duration(30 * 86_400)
    """Builds without artifacts are removed after it; 0: never."""
    last: Annotated[int, Meta(ge=0)] = 1
    """Successful builds of each program and target that stay in any case."""
    every: Duration = Duration(3600)
    """How often this is looked after."""


class Proof(Section, frozen=True):
    """How builds are vouched for."""

    key_file: str = ""
    """Private ed25519 key in PEM that provenance is signed with; empty: made below root."""
    builder: str = ""
    """URI of this builder in provenance; empty: public_url, or urn:gobp:builds."""


class Token(Section, frozen=True):
    """Somebody who may ask."""

    name: str
    """Name of the token in logs and beside builds."""
    token_hash: str
    """What gobp builds token printed."""
    scopes: tuple[Scope, ...] = ("read", "build")
    """read: see and download; build: ask for builds, cancel own ones; admin: all."""
    repositories: str = "*"
    """Patterns of repositories and modules, as in GOPRIVATE, that it may build and see."""
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    """Of its builds; higher ones go first."""
    expires: date | None = None
    """The last day (in UTC), as 2027-01-31."""


class Quota(Section, frozen=True):
    """What one token, or one address without a token, may have."""

    requests: Count = 600
    """Requests a minute."""
    builds: Count = 60
    """Builds asked for a minute."""
    waiting: Count = 200
    """Builds that wait or run at the same time."""


class Access(Section, frozen=True):
    """Who may ask for what."""

    anonymous: tuple[Scope, ...] = ("read", "build")
    """What anybody may; () for nothing."""
    private: str = ""
    """Patterns of repositories and modules that are only for tokens that name them."""
    tokens: tuple[Token, ...] = ()
    quota: Quota = Quota()
    metrics: bool = True
    """Whether anybody may read /metrics."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks whose X-Forwarded-For is believed."""


class Hook(Section, frozen=True):
    """A webhook that builds on a tag: POST /hooks/NAME."""

    name: str
    """As in its URL."""
    kind: Literal["github", "gitlab", "gitea"]
    """Who sends it."""
    secret_file: str
    """File with the secret that it is signed with."""
    repositories: str = "*"
    """Patterns of repositories that it may build."""
    targets: tuple[str, ...] = ("linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64")
    """What is built of each tag."""
    package: str = ""
    """As in an order."""
    release: bool = False
    """Whether artifacts are uploaded to the release of the tag; then token_file is needed."""
    token_file: str = ""
    """File with the token that may upload."""
    api: str = ""
    """URL of the API for uploads; empty: GitHub's own. Gitea and Forgejo need it there."""


class Callback(Section, frozen=True):
    """Somebody who is told when a build ends."""

    url: str
    """Where a POST with the build goes."""
    secret_file: str = ""
    """Signs it: header X-Gobp-Signature, sha256= and the hex HMAC-SHA256 of the body."""
    repositories: str = "*"
    """Patterns of repositories and modules whose builds are told of."""
    private_addresses: bool = False
    """Whether the address may be of a private network."""


class Log(Section, frozen=True):
    """Logs of the service (those of builds are kept with them)."""

    format: Literal["text", "json"] = "text"
    """text or json."""
    requests: str = "-"
    """A file, - for the standard output, or off."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """debug, info, warning or error."""


class Settings(Section, frozen=True):
    """The whole file."""

    root: str = ""
    """Folder of everything that is kept. Empty: $XDG_DATA_HOME/gobp/builds."""
    listen: str = "127.0.0.1:8140"
    """Address and port; or unix:/path."""
    base_path: str = ""
    """The path below which all is served, as /builds."""
    public_url: str = ""
    """How clients reach it."""
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    """Processes that answer requests."""
    go: str = ""
    """The Go version for orders that name none. Empty: that of go on the PATH."""
    drain: Duration = Duration(30)
    """How long requests and builds may end in when the server stops; builds are queued again."""
    notice: Duration = Duration(0)
    """How long a stopping server still serves with /readyz at 503, for a load balancer to see."""
    tls: Tls | None = None
    sources: Sources = Sources()
    limits: Limits = Limits()
    sandbox: Sandbox = Sandbox()
    queue: Queue = Queue()
    store: Store = Store()
    keep: Keep = Keep()
    proof: Proof = Proof()
    access: Access = Access()
    hooks: tuple[Hook, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    log: Log = Log()
