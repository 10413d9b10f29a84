"""The ways that rules give modules: trees, source and mode."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gobp.errors import UserError
from gobp.modproxy.routing import Route
from gobp.modproxy.rules.checked_rule import CheckedRule
from gobp.modproxy.rules.nowhere import Nowhere
from gobp.modproxy.rules.validated import Check, ValidatedSource
from gobp.modproxy.settings.schema import Mode, Rule, Settings
from gobp.modproxy.sources.source import Source
from gobp.modproxy.tree.trees import Trees

_SENDS_AWAY = frozenset({Mode.REDIRECT, Mode.NONE})
_OFF = "off"
_NO_RULE = Rule(modules="*")


class Chains(Protocol):
    """Makes sources (gobp.modproxy.sources.goproxy.Sources)."""

    def chain(self, goproxy: str) -> Source:
        """Return the source that a GOPROXY stands for."""
        ...

    def first_url(self, goproxy: str) -> str:
        """Return the first URL in a GOPROXY, without credentials, "" if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a way is made of; ``upstream`` is as GOPROXY, "" for nothing at all."""

    upstream: str
    mode: Mode
    private: bool


class Ways:
    """Gives the way of each module that a rule, or none, lets through."""

    def __init__(
        self,
        settings: Settings,
        *,
        trees: Trees,
        sources: Chains,
        validator: Check | None,
    ) -> None:
        self._settings = settings
        self._public = (trees.public,)
        self._private = (trees.published, trees.private)
        self._sources = sources
        self._validator = validator
        self._made: dict[tuple[_Kind, bool], Route] = {}

    def way(self, rule: CheckedRule | None, home: CheckedRule | None, *, notarised: bool) -> Route:
        """Return the way by a rule for some versions, or else by ``home``, the module's own.

        What the first does not say is as the second has it, and at last as the settings do. But
        a private module never gets the upstream of the settings: somebody else could publish a
        module of its name there.
        """
        kind = self._kind(rule.rule if rule else _NO_RULE, home.rule if home else _NO_RULE)
        known = self._made.get((kind, notarised))
        if known is None:
            known = self._made[kind, notarised] = self._new(kind, notarised=notarised)
        return known

    def check(self, rules: Iterable[CheckedRule]) -> None:
        """Raise UserError for a rule, or settings, with a bad upstream, or none to send to."""
        self._check("settings", self._kind(_NO_RULE, _NO_RULE))
        for rule in rules:
            if rule.gives:
                self._check(rule.name, self._kind(rule.rule, _NO_RULE))

    def _kind(self, rule: Rule, home: Rule) -> _Kind:
        private = rule.private or home.private
        default = "" if private else self._settings.upstream.proxies
        upstreams = (rule.upstream, home.upstream, default)
        return _Kind(
            upstream=next(upstream for upstream in upstreams if upstream is not None),
            mode=rule.mode or home.mode or self._settings.mode,
            private=private,
        )

    def _url(self, kind: _Kind) -> str:
        return self._sources.first_url(kind.upstream) if kind.upstream else ""

    def _new(self, kind: _Kind, *, notarised: bool) -> Route:
        url = self._url(kind)
        return Route(
            source=self._source(kind),
            trees=self._private if kind.private else self._public,
            mode=kind.mode if url or kind.mode not in _SENDS_AWAY else Mode.SYNC,
            private=kind.private,
            notarised=notarised,
            upstream=url,
        )

    def _source(self, kind: _Kind) -> Source:
        if _is_nowhere(kind):
            return Nowhere("it is private here, and not in the private tree; nobody else is asked")
        source = self._sources.chain(kind.upstream)
        return ValidatedSource(source, self._validator) if self._validator else source

    def _check(self, name: str, kind: _Kind) -> None:
        try:
            self._source(kind)
            url = self._url(kind)
        except UserError as error:
            raise UserError(
                f"{name}: upstream: {error.summary}", remedy=error.remedy, detail=error.detail
            ) from None
        if kind.mode in _SENDS_AWAY and not url and not _is_nowhere(kind):
            raise UserError(
                f"{name}: mode {kind.mode} sends clients to the upstream, which has no URL",
                remedy="name a proxy as the upstream, or choose another mode.",
            )


def _is_nowhere(kind: _Kind) -> bool:
    return kind.private and kind.upstream in {"", _OFF}
