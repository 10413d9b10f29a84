"""What the settings file may hold: each section a type, each setting with its default.

The comments below the settings are their documentation (docs/modproxy-settings.md).
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, field

from gobp.serving.listening import Tls
from gobp.serving.settings.section import Section
from gobp.serving.settings.values import Duration, Size

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=1, le=100_000)]


class Mode(StrEnum):
    """What is done when the tree does not have a file."""

    SYNC = "sync"  # fetch it, and answer with it
    ASYNC = "async"  # answer 404 so that the client asks the next one, and fetch it meanwhile
    REDIRECT = "redirect"  # send the client to the upstream, and fetch it meanwhile
    CACHED_ONLY = "cached-only"  # answer 404
    NONE = "none"  # send the client to the upstream, fetch nothing


class Action(StrEnum):
    """What a rule does with a module."""

    ALLOW = "allow"  # serve it, by the other settings of the rule
    DENY = "deny"  # 403 with the message
    HIDE = "hide"  # 404, as if it did not exist
    REDIRECT = "redirect"  # 302 to another proxy


class Limits(Section, frozen=True):
    """What one request, and all of them, may use."""

    request_timeout: Duration = Duration(900)
    """How long a client waits for a file that is being fetched; the fetch goes on after it."""
    fetches: Count = 64
    """Fetches at the same time, in one worker."""
    waiting: Count = 1000
    """Fetches that wait for their turn; more are answered 503."""
    cached_small_files: Size = Size(16 * 1024 * 1024)
    """Memory of a worker for small files (.info, .mod, lists)."""


class Fresh(Section, frozen=True):
    """How long what may change is believed without asking upstream."""

    list: Duration = Duration(60)
    """Age until which a list is believed."""
    latest: Duration = Duration(60)
    """Age until which the latest version is believed."""
    query: Duration = Duration(60)
    """Age until which it is believed what a branch or v1.2 stands for."""
    stale: Duration = Duration(600)
    """Until this age an old answer is given at once, and a new one fetched in the background.

    An older one is given only when upstream cannot be reached."""
    missing_version: Duration = Duration(600)
    """For how long it is believed that a version is not there."""
    missing_module: Duration = Duration(60)
    """For how long it is believed that a module is not there."""


class Upstream(Section, frozen=True):
    """How other proxies are asked."""

    proxies: str = ""
    """As GOPROXY: URLs with , and | between them, direct, off. Empty: what go env GOPROXY says."""
    connect_timeout: Duration = Duration(10)
    """How long a connection may take to be made."""
    read_timeout: Duration = Duration(60)
    """How long a connection may give nothing."""
    attempts: Count = 4
    """Requests before it is given up; only trouble that may pass is tried again."""
    per_host: Count = 32
    """Connections to one host."""
    forbidden_is_missing: bool = False
    """Take 403 for 404: some proxies answer it for modules that do not exist."""


class Sums(Section, frozen=True):
    """Checksum databases."""

    database: str = ""
    """As GOSUMDB: what downloads are verified with. Empty: what go env GOSUMDB says; or off."""
    proxied: tuple[str, ...] = ()
    """Names of databases that clients may ask through this proxy, besides the one above."""
    urls: dict[str, str] = field(default_factory=dict)
    """Where a database is, by name; else it is asked through the upstream proxies, then https."""
    unlisted: str = ""
    """As GONOSUMDB: modules whose hashes are never asked for. Private ones never are."""


class Rule(Section, frozen=True):
    """What holds for modules; the first rule that matches decides."""

    modules: str
    """Patterns as in GOPRIVATE: corp.example/*,github.com/corp."""
    versions: str = ""
    """A range such as >= v1.2.0, < v2.0.0; empty: all."""
    action: Action = Action.ALLOW
    """What is done with what matches (see below)."""
    message: str = ""
    """Shown by the go command where the rule denies."""
    redirect: str = ""
    """The proxy to redirect to."""
    upstream: str | None = None
    """As GOPROXY, instead of upstream.proxies; direct is version control, off nothing."""
    mode: Mode | None = None
    """For these modules, in place of the mode at the top."""
    private: bool = False
    """Only from the private tree and from this rule's upstream; no checksum database."""


class VcsHost(Section, frozen=True):
    """How one host, or hosts below a domain, are cloned from."""

    host: str
    """git.corp.example, git.corp.example:8443 or *.corp.example."""
    ssh: bool = False
    """Clone by ssh, where go-import names https."""
    ssh_user: str = "git"
    """Whom ssh logs in as."""
    ssh_port: Port = 0
    """0: the port of ssh, 22."""
    ssh_key_file: str = ""
    """Private key; empty: what ssh finds by itself."""
    known_hosts_file: str = ""
    """Keys of hosts; empty: the file of the user that gobp runs as."""
    user: str = ""
    """Whom git over https logs in as."""
    password_file: str = ""
    """File with the password or token; the user may stand before it: user:password."""
    credential_helper: str = ""
    """A git credential helper, as in git's credential.helper."""
    insecure: bool = False
    """Allow http and certificates that nobody vouches for."""


class Vcs(Section, frozen=True):
    """Modules straight from their repositories."""

    hosts: tuple[VcsHost, ...] = ()
    timeout: Duration = Duration(600)
    """How long one git command may take."""
    clones: Count = 4
    """git commands at the same time."""
    netrc: str = ""
    """The netrc file; empty: NETRC, or .netrc in the home folder."""


class User(Section, frozen=True):
    """Somebody who may ask, by name and password."""

    name: str
    """What the go command sends as user."""
    password_hash: str
    """What `gobp modules password` printed."""
    modules: str = "*"
    """Patterns of modules, as in GOPRIVATE, that are given to this user."""
    publish: bool = False
    """Whether the user may publish versions of these modules."""
    expires: date | None = None
    """A day (in UTC), as 2027-01-31, after which the user is refused."""


class Token(Section, frozen=True):
    """A bearer token, which is as good as a password."""

    name: str
    """Name of the token in logs."""
    token_hash: str
    """What `gobp modules token` printed."""
    modules: str = "*"
    """Patterns of modules, as in GOPRIVATE, that are given to who has it."""
    publish: bool = False
    """Whether who has it may publish versions of these modules."""
    expires: date | None = None
    """The last day, as of a user."""


class Access(Section, frozen=True):
    """Who may ask for what."""

    anonymous: str = "*"
    """Patterns of modules that anybody is given; "" for none: then every request needs a user."""
    users: tuple[User, ...] = ()
    tokens: tuple[Token, ...] = ()
    metrics: bool = True
    """Whether anybody may read /metrics."""


class Published(Section, frozen=True):
    """A private tree that is kept in git: <repository>/<escaped module>/@v/..."""

    repository: str = ""
    """URL or folder; empty: there is none."""
    branch: str = ""
    """Empty: the repository's default branch."""
    poll: Duration = Duration(60)
    """How often to look for new commits; 0: only when the webhook says so."""
    webhook_secret_file: str = ""
    """Secret of POST /-/published, as GitHub, GitLab and Gitea send it."""


class Validator(Section, frozen=True):
    """A webhook that is asked before a new version is fetched: 200 allows, 403 denies."""

    url: str = ""
    """Where to ask; empty: nobody is asked."""
    timeout: Duration = Duration(10)
    """How long it may take; then the version is not fetched."""
    keep: Duration = Duration(3600)
    """How long its answer is believed."""
    secret_file: str = ""
    """Signs each request: header X-Gobp-Signature, hex HMAC-SHA256 of the body."""


class Store(Section, frozen=True):
    """S3-compatible storage behind the local tree; empty url: the local disk is all there is."""

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
    redirect_above: Size = Size(0)
    """Send clients to a presigned URL for zips larger than this; 0: never."""


class Cluster(Section, frozen=True):
    """What several nodes share."""

    postgresql: str = ""
    """A connection string: single flight and the index. A password is better in PGPASSFILE."""
    redis: str = ""
    """A URL: single flight only."""


class Log(Section, frozen=True):
    """Logs: of requests, of what happens, of who changed or was refused something."""

    format: Literal["text", "json"] = "text"
    """text or json."""
    requests: str = "-"
    """A file, - for the standard output, or off."""
    audit: str = ""
    """A file; empty: with the others."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """Of what happens: debug, info, warning or error."""


class Settings(Section, frozen=True):
    """The whole file."""

    root: str = ""
    """Folder of the trees. Empty: $XDG_DATA_HOME/gobp/modules."""
    listen: str = "127.0.0.1:8130"
    """Address and port; or unix:/path."""
    base_path: str = ""
    """The path below which all is served, as /team/go."""
    public_url: str = ""
    """How clients reach it, for the settings shown on the home page."""
    workers: Annotated[int, Meta(ge=0, le=256)] = 0
    """Processes; 0: as many as there are cores, at most 4."""
    mode: Mode = Mode.SYNC
    """What is done when the trees do not have a file (see below)."""
    durable: bool = True
    """Whether each file is safe on the disk before it is served."""
    check_zips: bool = True
    """Whether zips must keep the rules of modules before they are served."""
    pins: str = ""
    """Patterns of modules that `gobp modules gc` never removes."""
    drain: Duration = Duration(30)
    """How long requests and fetches may end in when the server stops."""
    notice: Duration = Duration(0)
    """How long a stopping server still serves with /readyz at 503, for a load balancer to see."""
    tls: Tls | None = None
    limits: Limits = Limits()
    fresh: Fresh = Fresh()
    upstream: Upstream = Upstream()
    sums: Sums = Sums()
    rules: tuple[Rule, ...] = ()
    vcs: Vcs = Vcs()
    access: Access = Access()
    published: Published = Published()
    validator: Validator = Validator()
    store: Store = Store()
    cluster: Cluster = Cluster()
    log: Log = Log()
