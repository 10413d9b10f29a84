"""What clients send and are sent as JSON; the document of the API is made from it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gobp.buildservice.access.gate import shown_name
from gobp.buildservice.api.links import Links
from gobp.buildservice.builds.build import Artifact, Build, Reason, State
from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Recipe, Target
from gobp.buildservice.state.builds import Filter

_MOST_TARGETS = 64
_Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_Text = Annotated[str, StringConstraints(max_length=300)]
_Platform = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]{1,20}/[a-z0-9]{1,20}(/[A-Za-z0-9.,_]{1,40})?$"),
    Field(examples=["linux/amd64", "linux/arm/7"]),
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModuleSourceModel(_Sent):
    """A module, verified with the checksum database."""

    type: Literal["module"]
    path: _Name = Field(examples=["filippo.io/age"])


class GitSourceModel(_Sent):
    """A repository of a host that the service's settings allow."""

    type: Literal["git"]
    host: _Name = Field(examples=["git.example"])
    path: _Name = Field(description="May have any number of parts.", examples=["group/sub/repo"])
    submodules: bool = False


class NewBuilds(_Sent):
    """A program, and the platforms that it is built for."""

    source: ModuleSourceModel | GitSourceModel = Field(discriminator="type")
    ref: _Name = Field(
        "latest",
        description="A version, tag, branch, commit, `latest`, or a prefix such as `v1`, `v1.2.x`.",
        examples=["v1.2.1"],
    )
    targets: list[_Platform] = Field(
        min_length=1,
        max_length=_MOST_TARGETS,
        description="`GOOS/GOARCH`, perhaps with a variant: see `/api/v1/targets`.",
    )
    package: _Text = Field(
        "", description="`./cmd/x`; empty: all programs of the root.", examples=["./cmd/age"]
    )
    go: _Text = Field("", description="A Go version such as `1.25.4`; empty: the service's.")
    tags: list[_Name] = Field(default=[], max_length=20, description="Build tags.")
    ldflags: Annotated[str, StringConstraints(max_length=2000)] = Field(
        "", description="Flags of the linker.", examples=["-s -w"]
    )
    recipe: Recipe = Field(
        Recipe.AUTO, description="`auto`: make where a repository has a Makefile, else go."
    )
    verify: bool = Field(
        default=False, description="Build twice, in different places, and compare."
    )

    def orders(self) -> list[Order]:
        """Return an order for each target."""
        return [
            Order(
                source=self._source(),
                ref=self.ref,
                target=Target(*platform.split("/")),
                package=self.package,
                go=self.go,
                tags=tuple(self.tags),
                ldflags=self.ldflags,
                recipe=self.recipe,
                verify=self.verify,
            )
            for platform in dict.fromkeys(self.targets)
        ]

    def _source(self) -> ModuleSource | GitSource:
        match self.source:
            case ModuleSourceModel(path=path):
                return ModuleSource(path)
            case GitSourceModel(host=host, path=path, submodules=submodules):
                return GitSource(host, path, submodules)


class ListQuery(_Sent):
    """Which builds are listed; what is left out is for all."""

    repository: _Text = Field("", examples=["filippo.io/age"])
    q: _Text = Field("", description="A part of the repository's name.")
    version: _Text = Field("", description="What the ref stood for.", examples=["v1.2.1"])
    state: State | None = None
    os: Annotated[str, StringConstraints(max_length=20)] = Field("", examples=["linux"])
    arch: Annotated[str, StringConstraints(max_length=20)] = Field("", examples=["amd64"])
    mine: bool = Field(default=False, description="Only those that who asks asked for first.")
    cursor: str = Field("", pattern="^([0-9a-f]{32})?$", description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)

    def filter(self, who: str) -> Filter:
        """Return it as the table of builds knows it; ``who`` asks."""
        return Filter(
            repository=self.repository,
            text=self.q,
            state=self.state,
            who=who if self.mine else "",
            version=self.version,
            goos=self.os,
            goarch=self.arch,
        )


class Form(StrEnum):
    """How a log is sent."""

    TEXT = "text"
    JSON = "json"  # an object a line
    EVENTS = "events"  # server-sent events


class LogQuery(_Sent):
    """Which part of a log, and how."""

    follow: bool = Field(default=False, description="Until the build is over.")
    after: int = Field(0, ge=0, le=2**53, description="The number of the last line to leave out.")
    form: Form | None = Field(None, description="Instead of the header `Accept`.")


class ArtifactModel(_Model):
    """A file that a build gave; it never changes."""

    name: str = Field(examples=["age_linux_amd64.tar.gz"])
    kind: str = Field(examples=["archive", "image", "sbom", "provenance", "sums"])
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(description="Bytes.", ge=0)
    media_type: str = Field(examples=["application/gzip"])
    url: str = Field(examples=["/api/v1/builds/0194.../artifacts/age_linux_amd64.tar.gz"])

    @classmethod
    def of(cls, build: Build, artifact: Artifact, links: Links) -> "ArtifactModel":
        """Return what is told of an artifact."""
        return cls.model_construct(
            name=artifact.name,
            kind=artifact.kind,
            sha256=artifact.sha256,
            size=artifact.size,
            media_type=artifact.media_type,
            url=links.artifact(build.id, artifact.name),
        )


class BuildModel(_Model):
    """A build as it is now. Times are RFC 3339 in UTC, null for what has not happened."""

    id: str = Field(pattern="^[0-9a-f]{32}$")
    state: State = Field(description="All but `queued` and `running` are final.")
    message: str = Field(description="How it ended, in one line.")
    repository: str = Field(examples=["filippo.io/age"])
    source: Literal["module", "git"]
    ref: str = Field(description="As it was asked for.", examples=["latest"])
    version: str = Field(description="What the ref stood for.", examples=["v1.2.1"])
    commit: str = Field(description="Of a repository; else empty.")
    h1: str = Field(description="Hash of the module's zip; else empty.")
    moving: bool = Field(description="Whether the ref may stand for something else by now.")
    target: str = Field(examples=["linux/amd64"])
    package: str
    go: str
    tags: list[str]
    ldflags: str
    recipe: Recipe
    verify: bool
    reason: Reason
    requested_by: str = Field(description="The name of a token, or `anonymous`.")
    created: datetime
    started: datetime | None
    ended: datetime | None
    attempt: int
    cancel_asked: bool
    pinned: bool = Field(description="Whether it is kept whatever its age.")
    artifacts: list[ArtifactModel]
    dependencies: list[str] = Field(
        description="Modules that were really fetched.",
        examples=[["golang.org/x/sys@v0.38.0 h1:…"]],
    )
    url: str
    logs_url: str

    @classmethod
    def of(cls, build: Build, links: Links) -> "BuildModel":
        """Return what is told of a build."""
        order, pin = build.order, build.pin
        return cls.model_construct(
            id=build.id,
            state=build.state,
            message=build.message,
            repository=build.repository,
            source="git" if isinstance(order.source, GitSource) else "module",
            ref=order.ref,
            version=pin.version,
            commit=pin.commit,
            h1=pin.h1,
            moving=pin.moving,
            target=str(order.target),
            package=order.package,
            go=order.go,
            tags=list(order.tags),
            ldflags=order.ldflags,
            recipe=order.recipe,
            verify=order.verify,
            reason=build.reason,
            requested_by=shown_name(build.who),
            created=_moment(build.created),
            started=_moment(build.started),
            ended=_moment(build.ended),
            attempt=build.attempt,
            cancel_asked=build.cancel_asked,
            pinned=build.pinned,
            artifacts=[ArtifactModel.of(build, each, links) for each in build.artifacts],
            dependencies=list(build.dependencies),
            url=links.build(build.id),
            logs_url=links.logs(build.id),
        )


class BuildList(_Model):
    """Builds, the newest first."""

    builds: list[BuildModel]
    next: str = Field("", description="The `cursor` of the next page, empty at the end.")


class CargoBuild(_Model):
    """A build that cargo's clients asked for."""

    build_id: str = Field(pattern="^[0-9a-f]{32}$")
    state: State
    message: str = Field(description="How it ended.")
    url: str = Field(description="Where the archive is, or will be.")


class ProblemModel(_Model):
    """Problem details (RFC 9457)."""

    type: str = Field(examples=["urn:gobp:problem:not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no such build, or it is not for you"])


class TargetModel(_Model):
    """A platform that Go can build for."""

    target: str = Field(examples=["linux/amd64"])
    goos: str
    goarch: str
    first_class: bool
    variants: list[str] = Field(description="GOAMD64, GOARM...", examples=[["v1", "v2"]])


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
