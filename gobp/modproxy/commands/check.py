"""Explain, without fetching a module into the tree, what becomes of a request for it."""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gobp.golang.module import ModuleVersion
from gobp.golang.sumdb import SumDatabaseError, hash_of, lookup_path, parse_gosumdb
from gobp.modproxy.commands.add import parse_module
from gobp.modproxy.commands.check_direct import direct_steps
from gobp.modproxy.commands.explain import Step, failed_step, words_of
from gobp.modproxy.commands.fetch import Fetching, UnfetchedError
from gobp.modproxy.commands.show import named_trees
from gobp.modproxy.commands.sums_needed import Lookup
from gobp.modproxy.commands.working import Working, working
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.protocol.requests import Kind, ModuleFile, SumdbFile, is_canonical
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.routing import Route
from gobp.modproxy.rules.checked_rule import CheckedRule
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.sources.chain import Link
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.source import NotFoundError, SourceError
from gobp.modproxy.tree.module_tree import kinds_of
from gobp.modproxy.vcs.source import VcsSource

_LATEST = "latest"


async def check(settings: Settings, text: str) -> tuple[Step, ...]:
    """Return what is found on the way of MODULE or MODULE@VERSION, step by step.

    Settings must be complete (go_env.completed). Raises UserError for what is no module.
    """
    asked = parse_module(text)
    async with working(settings) as parts:
        steps = [_rule_step(settings, parts, asked), *_tree_steps(parts, asked)]
        route = parts.router.route(asked.path, _version_of(asked), "")
        if isinstance(route, Answer):
            return tuple(steps)
        asking = _Asking(settings, parts, asked, route)
        return (*steps, *[step async for step in asking.steps()])


def _version_of(asked: ModuleVersion) -> str:
    """Return the version that rules are asked about: "" for a query."""
    return asked.version if is_canonical(asked.path, asked.version) else ""


def _rule_step(settings: Settings, parts: Working, asked: ModuleVersion) -> Step:
    rule = deciding_rule(settings, asked)
    name = rule.name if rule else "no rule"
    route = parts.router.route(asked.path, _version_of(asked), "")
    if isinstance(route, Answer):
        body = route.body.decode().strip() if isinstance(route.body, bytes) else ""
        return Step(
            "rule", f"{name} answers {route.status}: {body}", "change rules in the settings."
        )
    privacy = "private, " if route.private else ""
    return Step("rule", f"{name}: {privacy}mode {route.mode}, from {route.source.name}")


def deciding_rule(settings: Settings, asked: ModuleVersion) -> CheckedRule | None:
    """Return the first rule that matches a module at a version, None if there is none."""
    version = _version_of(asked)
    for number, rule in enumerate(settings.rules, 1):
        checked = CheckedRule.read(rule, number)
        matches = checked.matches(version) if version else checked.versions is None
        if checked.modules.match(asked.path) and matches:
            return checked
    return None


def _tree_steps(parts: Working, asked: ModuleVersion) -> Iterator[Step]:
    """Yield what the trees have: of the version, or all versions for a query."""
    version = _version_of(asked)
    for name, tree in named_trees(parts.trees):
        if version:
            kinds = ", ".join(f".{kind}" for kind in kinds_of(tree, asked.path, version))
            pin = tree.pinned_hash(asked.path, version)
            found = " ".join(part for part in (kinds, pin) if part)
        else:
            found = ", ".join(tree.stored_versions(asked.path))
        if found:
            yield Step(f"{name} tree", found)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks those who would be asked."""

    settings: Settings
    parts: Working
    asked: ModuleVersion
    route: Route

    async def steps(self) -> AsyncIterator[Step]:
        """Yield what each says."""
        cache = Path(self.settings.root) / "vcs"
        direct = VcsSource(self.settings.vcs, cache=cache, env=os.environ)
        sources = Sources(self.settings.upstream, direct=direct, env=os.environ)
        await sources.open()
        try:
            rule = deciding_rule(self.settings, self.asked)
            upstream = rule.rule.upstream if rule else None
            if upstream is None and self.route.private:
                yield Step("source", "none: it is private, and its rule names no upstream")
                return
            async for step in self._sources_steps(sources.links(upstream or ""), cache):
                yield step
        finally:
            await sources.close()
            await direct.close()
        async for step in self._sums_steps():
            yield step

    async def _sources_steps(self, links: Sequence[Link], cache: Path) -> AsyncIterator[Step]:
        """Yield what sources say, until one has it or says what the next one is not asked after."""
        for number, link in enumerate(links, 1):
            if link.direct:
                env = os.environ
                async for step in direct_steps(self.settings.vcs, self.asked.path, cache, env):
                    yield step
            about = f"source {link.source.name}"
            try:
                info = await self._info(link)
            except SourceError as error:
                goes_on = link.falls_back or isinstance(error, NotFoundError)
                if number < len(links) and goes_on:
                    yield Step(about, f"{words_of(error)}; so the next one is asked")
                    continue
                yield failed_step(about, error, direct=link.direct)
            else:
                yield Step(about, f"has {info.version} {info.time}".rstrip())
            return

    async def _info(self, link: Link) -> VersionInfo:
        if self.asked.version == _LATEST:
            return await link.source.latest(self.asked.path)
        return await link.source.info(self.asked.path, self.asked.version)

    async def _sums_steps(self) -> AsyncIterator[Step]:
        database = parse_gosumdb(self.settings.sums.database)
        version = _version_of(self.asked)
        if database is None or not self.route.notarised or not version:
            why = "not asked: " + _why_not_asked(database is None, self.route.notarised)
            yield Step("checksum database", why)
            return
        name = lookup_path(self.asked.path, version)
        fetching = Fetching(self.parts.service)
        try:
            content = await fetching.small(SumdbFile(database.name, name))
            record = Lookup.parse(content).record
            h1 = hash_of(tuple(record.splitlines()), self.asked.path, version)
        except (UnfetchedError, SumDatabaseError, ValueError) as error:
            yield Step(
                f"checksum database {database.name}",
                str(error),
                "a module that is not public needs a rule with private: true, or sums.unlisted.",
            )
            return
        yield self._compared(database.name, h1)

    def _compared(self, database: str, h1: str) -> Step:
        file = ModuleFile(self.asked.path, self.asked.version, Kind.ZIP)
        pinned = self.route.tree.pinned_hash(file.module, file.version)
        about = f"checksum database {database}"
        if pinned in {"", h1}:
            return Step(about, h1)
        return Step(
            about,
            f"has {h1}, but the tree has {pinned}",
            "run `gobp modules verify --against-database --fix`.",
        )


def _why_not_asked(no_database: bool, notarised: bool) -> str:  # noqa: FBT001 # two facts
    if no_database:
        return "none is used (sums.database is off)"
    return "no version was named" if notarised else "the module is private or unlisted"
