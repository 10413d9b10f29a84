"""The rules: one engine for lists, versions, files and checksum databases."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote

from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.protocol.answers import Answer, Keep, Origin, failure
from gobp.modproxy.routing import Route
from gobp.modproxy.rules.checked_rule import CheckedRule
from gobp.modproxy.rules.validated import Check
from gobp.modproxy.rules.ways import Chains, Ways
from gobp.modproxy.settings.schema import Action, Settings
from gobp.modproxy.tree.trees import Trees

TOOLCHAIN = "golang.org/toolchain"
_MOST_PLANS = 4096
_FOUND_ELSEWHERE = 302


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the rules say of one module: the rules that match it, in their order.

    ``home`` is the first that lets all of its versions through: it says where the module is at
    home, and so whether it is private, whatever the rules for some versions say.
    """

    rules: tuple[CheckedRule, ...]
    home: CheckedRule | None
    private: bool
    notarised: bool


class RulesRouter:
    """Knows the rules of the settings (see Router). The first rule that matches decides.

    A rule for some versions says nothing of the list of a module, but for this: where another
    denies or hides the module as a whole, the rule that lets some versions through has them listed.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        trees: Trees,
        sources: Chains,
        validator: Check | None = None,
    ) -> None:
        """Raise UserError for a rule that is wrong, with its number."""
        self._rules = tuple(
            CheckedRule.read(rule, number) for number, rule in enumerate(settings.rules, 1)
        )
        self._ways = Ways(settings, trees=trees, sources=sources, validator=validator)
        self._ways.check(self._rules)
        self._unlisted = ModulePatterns.parse(settings.sums.unlisted, source="sums.unlisted")
        self._plan = lru_cache(_MOST_PLANS)(self._new_plan)

    def route(self, module: str, version: str = "", path: str = "") -> Route | Answer:
        """See Router.route."""
        plan = self._plan(module)
        rule = self._deciding(plan, version)
        if rule is None or rule.gives:
            return self._ways.way(rule, plan.home, notarised=plan.notarised)
        return _refusal(rule, f"{module}@{version}" if version else module, path)

    def visible(self, module: str, versions: tuple[str, ...]) -> tuple[str, ...]:
        """See Router.visible."""
        plan = self._plan(module)
        if all(rule.gives for rule in plan.rules):
            return versions
        return tuple(version for version in versions if self._gives(plan, version))

    def is_private(self, module: str) -> bool:
        """Say whether a module is private, so that its name is for nobody outside."""
        return self._plan(module).private

    def refused_lookup(self, module: str, version: str) -> Answer | None:
        """See Router.refused_lookup."""
        plan = self._plan(module)
        if not plan.notarised:
            return _by_rule(
                failure(
                    403,
                    f"{module} is private here: no checksum database is asked for it\n"
                    "set GONOSUMDB, or GOPRIVATE and GONOPROXY=none, to patterns that match it",
                )
            )
        answer = self.route(module, version)
        if isinstance(answer, Route) or answer.status == _FOUND_ELSEWHERE:
            return None
        return answer

    def _new_plan(self, module: str) -> _Plan:
        rules = tuple(rule for rule in self._rules if rule.modules.match(module))
        home = next((rule for rule in rules if rule.gives and rule.versions is None), None)
        private = home is not None and home.rule.private
        unlisted = private or self._unlisted.match(module)
        return _Plan(rules, home, private, notarised=module == TOOLCHAIN or not unlisted)

    def _deciding(self, plan: _Plan, version: str) -> CheckedRule | None:
        """Return the rule for a version, or for the module itself; None if there is none."""
        if version:
            return next((rule for rule in plan.rules if rule.matches(version)), None)
        return _for_module(plan.rules)

    def _gives(self, plan: _Plan, version: str) -> bool:
        rule = self._deciding(plan, version)
        return rule is None or rule.gives


def _for_module(rules: Sequence[CheckedRule]) -> CheckedRule | None:
    """Return the rule for the list of a module and the like."""
    some = None
    for rule in rules:
        if rule.versions is None:
            return rule if rule.gives or some is None else some
        if rule.gives and some is None:
            some = rule
    return None


def _refusal(rule: CheckedRule, what: str, path: str) -> Answer:
    """Return what a rule answers that does not let something through."""
    match rule.rule.action:
        case Action.REDIRECT:
            target = f"{rule.rule.redirect.rstrip('/')}/{quote(path, safe='/@!+')}"
            return replace(
                _by_rule(failure(_FOUND_ELSEWHERE, f"{what} is at {target}")),
                headers=(("location", target),),
            )
        case Action.HIDE:
            return _by_rule(failure(404, f"not found: {what}"))
        case _:
            message = rule.rule.message or "ask who runs this proxy why"
            return _by_rule(failure(403, f"{what} is denied by a rule of this proxy: {message}"))


def _by_rule(answer: Answer) -> Answer:
    return replace(answer, keep=Keep.NOT, origin=Origin.RULE)
