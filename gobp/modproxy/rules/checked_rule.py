"""A rule of the settings, checked: what it is for, and that it makes sense."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.rules.version_range import VersionRange
from gobp.modproxy.settings.schema import Action, Rule


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule, its modules, and its versions (None: all); ``name`` is for messages."""

    name: str
    modules: ModulePatterns
    versions: VersionRange | None
    rule: Rule

    @classmethod
    def read(cls, rule: Rule, number: int) -> "CheckedRule":
        """Return the rule that is the ``number``-th of the settings, from 1. Raises UserError."""
        name = f"rule {number} ({rule.modules})"
        checked = cls(
            name,
            ModulePatterns.parse(rule.modules, source=f"rule {number}: modules"),
            VersionRange.parse(rule.versions, source=f"{name}: versions")
            if rule.versions
            else None,
            rule,
        )
        if not checked.modules:
            raise UserError(
                f"rule {number} is for no modules", remedy="name modules, or * for all."
            )
        checked._check_action()
        checked._check_privacy()
        return checked

    @property
    def gives(self) -> bool:
        """Whether the rule lets modules through."""
        return self.rule.action is Action.ALLOW

    def matches(self, version: str) -> bool:
        """Say whether the rule is for a version of its modules."""
        return self.versions is None or self.versions.allows(version)

    def _check_action(self) -> None:
        """Raise UserError for settings that mean nothing with the rule's action."""
        rule = self.rule
        only: dict[Action, dict[str, object]] = {
            Action.ALLOW: {"upstream": rule.upstream, "mode": rule.mode, "private": rule.private},
            Action.DENY: {"message": rule.message},
            Action.REDIRECT: {"redirect": rule.redirect},
        }
        for action, values in only.items():
            for name, value in values.items():
                if action is not rule.action and value not in {None, "", False}:
                    raise UserError(
                        f"{self.name}: {name} means nothing where the action is {rule.action}",
                        remedy=f"remove {name}, or write action: {action}.",
                    )
        if rule.action is Action.REDIRECT and not _is_public_url(rule.redirect):
            raise UserError(
                f"{self.name}: redirect is no URL that clients can be sent to",
                remedy="write an http or https URL, without user and password.",
            )

    def _check_privacy(self) -> None:
        if self.rule.private and self.versions is not None:
            raise UserError(
                f"{self.name} is private for some versions only, but a module is private or not: "
                "its other versions would be asked for in public, by its name",
                remedy="remove versions; deny or hide versions by a rule before it.",
            )


def _is_public_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
