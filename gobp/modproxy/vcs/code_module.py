"""A module in its repository: its versions, and what a version or query stands for.

The rules are those of https://go.dev/ref/mod#vcs and of cmd/go, whose answers the tests compare.
"""

from datetime import UTC, datetime
from itertools import groupby
from posixpath import join

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.pseudo import REVISION_DIGITS, PseudoVersion, is_pseudo_version
from gobp.modproxy.protocol.requests import is_canonical
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.protocol.version_list import in_order
from gobp.modproxy.sources.source import NotFoundError, SourceError
from gobp.modproxy.vcs.gomod import Retractions
from gobp.modproxy.vcs.layout import Found, find_folder
from gobp.modproxy.vcs.mirror import Commit
from gobp.modproxy.vcs.place import Place
from gobp.modproxy.vcs.refs import HEAD, TAGS, Refs, version_of_tag
from gobp.modproxy.vcs.repository import Repository

_GO_MOD = "go.mod"


class CodeModule:
    """A module for the time of one request. Its methods raise SourceError."""

    def __init__(self, place: Place, repository: Repository) -> None:
        self._place = place
        self._repository = repository
        self._known_refs: Refs | None = None
        self._retractions: Retractions | None = None

    async def versions(self) -> tuple[str, ...]:
        """Return the tagged versions, those that are retracted too, by precedence."""
        refs = await self._refs()
        fitting = self._fitting(refs)
        tagged = self._place.tagged(refs.tags)
        later = in_order(set(tagged) - set(fitting)) if self._place.may_be_incompatible else ()
        if not later or (fitting and await self._has_go_mod(tagged[fitting[-1]], refs)):
            return fitting
        incompatible: list[str] = []
        for _, versions in groupby(later, key=semver.major):
            of_major = list(versions)
            if not await self._has_go_mod(tagged[of_major[-1]], refs):
                incompatible += [version + semver.INCOMPATIBLE for version in of_major]
        return (*fitting, *incompatible)

    async def latest(self) -> VersionInfo:
        """Return the highest release, else the highest prerelease, else the newest commit."""
        versions = await self.versions()
        refs = await self._refs()
        if not versions:
            return await self._info(await self._repository.find(HEAD, refs), "", refs)
        kept = [v for v in versions if not await self._is_retracted(v, refs)]
        return await self._exact_info(_highest(kept or versions))

    async def info(self, query: str) -> VersionInfo:
        """Return a version by its name, or the one that a branch, revision or v1.2 stands for."""
        if is_canonical(self._place.module, query):
            return await self._exact_info(query)
        if semver.is_valid(query) and query.count(".") < 2:
            matching = [v for v in await self.versions() if v.startswith(f"{query}.")]
            if not matching:
                raise NotFoundError(f"{self._place.module}@{query}: no version begins so")
            return await self._exact_info(_highest(matching))
        refs = await self._refs()
        commit = await self._repository.find(self._revision(query), refs)
        return await self._info(commit, query, refs)

    async def found(self, version: str) -> tuple[Commit, Found]:
        """Return the commit of a canonical version, and where in it the module is."""
        commit = await self._exact(version)
        return commit, await self._folder(commit)

    async def _refs(self) -> Refs:
        """Return what the server has now, asked once a request."""
        if self._known_refs is None:
            self._known_refs = await self._repository.refs()
        return self._known_refs

    async def _exact(self, version: str) -> Commit:
        """Return the commit of a canonical version: of the mirror where that has all of it."""
        revision = self._revision(version)
        known = await self._repository.mirror.refs()
        ref = TAGS + revision
        name = revision if is_pseudo_version(version) else ref
        commit = await self._repository.mirror.commit(name, "" if name == revision else ref)
        if commit is not None:
            try:
                await self._version_of(commit, version, known)
            except NotFoundError:  # so it may be by what the mirror has, which is not all
                pass
            else:
                return commit
        refs = await self._refs()
        commit = await self._repository.find(revision, refs)
        if is_pseudo_version(version) and self._pseudo(version).base:
            await self._repository.have_all(refs)
        await self._version_of(commit, version, refs)
        return commit

    async def _exact_info(self, version: str) -> VersionInfo:
        commit = await self._exact(version)
        ref = "" if is_pseudo_version(version) else TAGS + self._revision(version)
        return self._made(version, commit, self._origin(commit, ref))

    async def _info(self, commit: Commit, asked: str, refs: Refs) -> VersionInfo:
        """Return the version that a commit has, or is given, for what was asked for."""
        version = await self._version_of(commit, asked, refs)
        origin = self._origin(commit, commit.ref)
        if is_pseudo_version(version):
            prefix = self._place.tag_prefix_of_major
            origin |= {"TagPrefix": prefix} if prefix else {}
            origin["TagSum"] = refs.tag_sum(prefix)
        return self._made(version, commit, origin)

    def _origin(self, commit: Commit, ref: str) -> dict[str, str]:
        """Return what the go command finds out whether a version is still what it was by."""
        origin = {"VCS": "git", "URL": self._repository.url, "Subdir": self._place.folder}
        origin |= {"Hash": commit.hash, "Ref": ref}
        return {key: value for key, value in origin.items() if value}

    def _made(self, version: str, commit: Commit, origin: dict[str, str]) -> VersionInfo:
        time = datetime.fromtimestamp(commit.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return VersionInfo.make(version, time, origin)

    def _pseudo(self, version: str) -> PseudoVersion:
        try:
            return PseudoVersion.parse(version)
        except UserError as error:
            raise self._not_found(version, error.summary) from None

    def _revision(self, query: str) -> str:
        """Return the tag, branch or hash that git is to be asked for."""
        if is_pseudo_version(query):
            return self._pseudo(query).revision
        if semver.is_valid(query):
            return self._place.tag_prefix + query.removesuffix(semver.INCOMPATIBLE)
        return query

    async def _version_of(self, commit: Commit, asked: str, refs: Refs) -> str:
        """Return the version of a commit that was found by ``asked``, "" for the newest one."""
        if is_pseudo_version(asked):
            version = await self._checked(commit, asked, asked)
            await self._check_pseudo_version(commit, asked, refs)
            return version
        versions = [version_of_tag(t, self._place.tag_prefix) for t in refs.tags_of(commit.hash)]
        same = [one for one in versions if one[0] and semver.order(one[0]) == semver.order(asked)]
        if any(in_full for _, in_full in same):
            return await self._checked(commit, same[0][0], asked)
        usable = [
            v for v, in_full in versions if in_full and await self._is_usable(commit, v, refs)
        ]
        if usable:
            return await self._checked(commit, in_order(usable)[-1], asked)
        base = same[0][0] if same else await self._base(commit, refs)
        time = datetime.fromtimestamp(commit.seconds, UTC).strftime("%Y%m%d%H%M%S")
        major = self._place.major_version or "v0"
        pseudo = PseudoVersion(major, base, time, commit.hash[:REVISION_DIGITS])
        return await self._checked(commit, str(pseudo), asked)

    async def _is_usable(self, commit: Commit, version: str, refs: Refs) -> bool:
        """Say whether a tagged version may be that of a commit, or may come before it."""
        fits = self._place.fits(version) or await self._may_be_incompatible(commit, version, "")
        return fits and not await self._is_retracted(version, refs)

    async def _base(self, commit: Commit, refs: Refs) -> str:
        """Return the highest version in the history of a commit, "" if there is none."""
        versions = {tag: version_of_tag(tag, self._place.tag_prefix)[0] for tag in refs.tags}
        if not any(versions.values()):
            return ""
        await self._repository.have_all(refs)
        before = await self._repository.mirror.tags_before(commit)
        found = in_order(versions[tag] for tag in before if versions.get(tag))
        for version in reversed(found):
            if await self._is_usable(commit, version, refs):
                return version
        return ""

    async def _checked(self, commit: Commit, version: str, asked: str) -> str:
        """Return a version as the module has it at a commit, with +incompatible where need be.

        Raises NotFoundError where it cannot have it, or where another one was asked for.
        """
        await self._folder(commit)
        plain = version.removesuffix(semver.INCOMPATIBLE)
        if plain == asked.removesuffix(semver.INCOMPATIBLE):
            version = asked
        elif semver.canonical(asked) == asked != "":
            raise self._not_found(asked, f"it is no tag; {version} is what it comes to")
        if self._place.fits(plain):
            if version != plain:
                raise self._not_found(version, "its major version needs no +incompatible")
            return plain
        if not await self._may_be_incompatible(commit, plain, asked):
            raise self._not_found(version, "the module has a go.mod file for another major version")
        return plain + semver.INCOMPATIBLE

    async def _may_be_incompatible(self, commit: Commit, version: str, asked: str) -> bool:
        """Say whether a version v2 or higher is one from before there were modules."""
        if not self._place.may_be_incompatible or await self._read(commit, _GO_MOD) is not None:
            return False
        if asked.endswith(semver.INCOMPATIBLE):  # https://go.dev/issue/51324
            return True
        return await self._read(commit, join(semver.major(version), _GO_MOD)) is None

    async def _check_pseudo_version(self, commit: Commit, version: str, refs: Refs) -> None:
        """Raise NotFoundError where a pseudo-version is not what one of the commit would be."""
        pseudo = self._pseudo(version)
        time = datetime.fromtimestamp(commit.seconds, UTC).strftime("%Y%m%d%H%M%S")
        if (pseudo.revision, pseudo.time) != (commit.hash[:REVISION_DIGITS], time):
            right = f"{time}-{commit.hash[:REVISION_DIGITS]}"
            raise self._not_found(version, f"the commit's time and revision are {right}")
        base = pseudo.base.removesuffix(semver.INCOMPATIBLE)
        if not base:
            if not self._place.major_version and pseudo.major == "v1":
                raise self._not_found(version, "with no tag before it, it is of v0, not v1")
            return
        if self._place.tag_prefix + base in refs.tags_of(commit.hash):
            raise self._not_found(version, f"the commit is {base} itself")
        for tag in refs.tags:
            tagged = version_of_tag(tag, self._place.tag_prefix)[0]
            if tagged == base and await self._repository.mirror.descends(commit, tag):
                return
        raise self._not_found(version, f"{base} is not in the history of the commit")

    async def _is_retracted(self, version: str, refs: Refs) -> bool:
        """Say whether the go.mod file of the highest version retracts one."""
        if self._retractions is None:
            self._retractions = Retractions.parse(await self._go_mod_of_highest(refs))
        return self._retractions.include(version)

    async def _go_mod_of_highest(self, refs: Refs) -> bytes:
        fitting = self._fitting(refs)
        if not fitting:
            return b""
        tag = self._place.tag_prefix + _highest(fitting)
        try:
            commit = await self._repository.find(tag, refs)
            return (await self._folder(commit)).go_mod or b""
        except SourceError:
            return b""

    def _fitting(self, refs: Refs) -> tuple[str, ...]:
        """Return the tagged versions that the path of the module allows."""
        return in_order(v for v in self._place.tagged(refs.tags) if self._place.fits(v))

    async def _has_go_mod(self, tag: str, refs: Refs) -> bool:
        commit = await self._repository.find(tag, refs)
        return await self._read(commit, _GO_MOD) is not None

    async def _folder(self, commit: Commit) -> Found:
        """Return where the module is at a commit. Raises NotFoundError where it is not there."""
        place = self._place
        go_mod = await self._read(commit, join(place.folder, _GO_MOD))
        of_major = None
        if place.major_folder:
            of_major = await self._read(commit, join(place.major_folder, _GO_MOD))
        return find_folder(place, go_mod, of_major)

    async def _read(self, commit: Commit, path: str) -> bytes | None:
        return await self._repository.mirror.read(commit, path)

    def _not_found(self, version: str, reason: str) -> NotFoundError:
        return NotFoundError(f"{self._place.module}@{version}: invalid version: {reason}")


def _highest(versions: list[str] | tuple[str, ...]) -> str:
    """Return the highest release, the highest prerelease if there is no release."""
    ordered = in_order(versions)
    releases = [v for v in ordered if "-" not in v.removesuffix(semver.INCOMPATIBLE)]
    return (releases or ordered)[-1]
