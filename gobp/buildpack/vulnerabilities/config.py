"""What to look for and when to stop: BP_GO_VULN, BP_GO_VULN_FAIL, BP_GO_VULN_IGNORE, GOVULNDB."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gobp.buildpack.component import DetectContext
from gobp.buildpack.switches import is_on
from gobp.cnb.bindings import Binding, of_type
from gobp.errors import UserError

if TYPE_CHECKING:
    from gobp.golang.vulndb import Severity

_SWITCH = "BP_GO_VULN"
_FAIL = "BP_GO_VULN_FAIL"
_BINDING = "go-vulndb"
_OF_THE_GO_TEAM = "https://vuln.go.dev"
_SCHEMES = ("https", "http", "file")


@dataclass(frozen=True, slots=True)
class VulnConfig:
    """``fail_from`` is the severity from which the build fails, None where it only reports.

    ``ignored`` are ids and aliases in upper case.
    """

    database: str
    fail_from: "Severity | None"
    ignored: frozenset[str]


def is_wanted(env: Mapping[str, str]) -> bool:
    """Tell whether programs are to be looked at. Raises UserError."""
    return is_on(env, _SWITCH, default=_fail_from(env) is not None)


def read_config(facts: DetectContext) -> VulnConfig:
    """Read variables and bindings. Raises UserError."""
    ignored = facts.env.get("BP_GO_VULN_IGNORE", "").split(":")
    return VulnConfig(
        database=_database(facts.env, facts.bindings),
        fail_from=_fail_from(facts.env),
        ignored=frozenset(id_.strip().upper() for id_ in ignored if id_.strip()),
    )


def _fail_from(env: Mapping[str, str]) -> "Severity | None":
    value = env.get(_FAIL, "").strip()
    if not value:
        return None
    from gobp.golang.vulndb import Severity  # noqa: PLC0415 # every build asks, few want it

    if value.upper() in Severity.__members__:
        return Severity[value.upper()]
    if value.lower() == "any":
        return Severity.LOW
    try:
        return Severity.LOW if is_on(env, _FAIL) else None
    except UserError as error:
        raise UserError(
            f"{_FAIL} is {value!r}, which is no severity",
            remedy=f"set {_FAIL} to any, low, medium, high or critical, or to false.",
        ) from error


def _database(env: Mapping[str, str], bindings: Iterable[Binding]) -> str:
    """Return the address of the database without a slash at its end: variable, binding, Go's."""
    address, named_by = env.get("GOVULNDB", "").strip(), "GOVULNDB"
    for binding in () if address else of_type(bindings, _BINDING):
        named_by = f"the binding {binding.name}"
        address = binding.secrets.get("url", "").strip()
        if not address:
            raise UserError(
                f"{named_by} of type {_BINDING} has no key named url",
                remedy="put the database's address under the key url.",
            )
    address = address or _OF_THE_GO_TEAM
    if address.partition("://")[0].lower() not in _SCHEMES:
        raise UserError(
            f"{named_by} names {address!r}, which is no address of a vulnerability database",
            remedy="name it as https://vulndb.example.com or file:///path/of/vulndb.",
        )
    return address.rstrip("/")
