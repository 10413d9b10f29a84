"""Service bindings: credentials that a platform gives to a build or a process.

Source: the Service Binding specification for Kubernetes, "Workload Projection"; the layout of the
CNB bindings extension before it (``metadata`` and ``secret``); VCAP_SERVICES of Cloud Foundry.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gobp.errors import UserError

_DOTTED = frozenset({".netrc"})  # an entry whose usual name begins with a dot


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding; ``path`` is its folder, "" where it has none. Its repr keeps the secrets."""

    name: str
    type: str
    provider: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    path: str = ""


@dataclass(frozen=True, slots=True)
class BindingRoot:
    """The folder with a folder for each binding; it may be absent."""

    path: str


@dataclass(frozen=True, slots=True)
class VcapServices:
    """The text of VCAP_SERVICES, which holds secrets."""

    text: str = field(repr=False)


def binding_source(env: Mapping[str, str], platform_dir: str) -> BindingRoot | VcapServices:
    """Return where bindings are: the first of three variables that is set, else the platform's."""
    for name in ("SERVICE_BINDING_ROOT", "CNB_BINDINGS"):
        if env.get(name):
            return BindingRoot(env[name])
    if env.get("VCAP_SERVICES"):
        return VcapServices(env["VCAP_SERVICES"])
    return BindingRoot(f"{platform_dir}/bindings")


def is_entry(name: str) -> bool:
    """Tell whether a name is an entry's: those that begin with a dot are Kubernetes' own."""
    return not name.startswith(".") or name in _DOTTED


def from_files(name: str, files: Mapping[str, str], *, path: str) -> Binding:
    """Read a binding from its files, by path relative to its folder, in either layout.

    A last line end is no part of a value.
    Raises UserError where there is no type.
    """
    values = {
        file: text.removesuffix("\n").removesuffix("\r")
        for file, text in sorted(files.items())
        if all(map(is_entry, file.split("/")))
    }
    type_key = "type"
    if any(file.startswith("metadata/") for file in values):
        type_key = "kind"
        values = {file.partition("/")[2]: text for file, text in values.items() if "/" in file}
    secrets = {file: text for file, text in values.items() if "/" not in file}
    binding_type = secrets.pop(type_key, "").strip()
    provider = secrets.pop("provider", "").strip()
    if not binding_type:
        raise UserError(
            f"the binding {name} in {path} has no {type_key}",
            remedy=f"give it a file called {type_key} that holds the type.",
        )
    return Binding(name, binding_type, provider, secrets, path)


def from_vcap(json_text: str) -> tuple[Binding, ...]:
    """Read VCAP_SERVICES; the type is the one in the credentials, else the service's label.

    Credentials that are not text are kept as JSON. Raises UserError on anything but services.
    """
    import json  # noqa: PLC0415 # only Cloud Foundry pays for it

    try:
        services = json.loads(json_text)
    except (ValueError, RecursionError) as error:
        raise _bad_vcap("it is not JSON") from error
    if not isinstance(services, dict):
        raise _bad_vcap("it is not an object")
    found = []
    for label, instances in services.items():
        for instance in instances if isinstance(instances, list) else [instances]:
            if not isinstance(instance, dict):
                raise _bad_vcap(f"an instance of {label} is not an object")
            found.append(_from_instance(label, instance))
    return tuple(sorted(found, key=lambda binding: (binding.name, binding.type)))


def _from_instance(label: str, instance: Mapping[str, object]) -> Binding:
    import json  # noqa: PLC0415 # see from_vcap

    credentials = instance.get("credentials") or {}
    if not isinstance(credentials, Mapping):
        raise _bad_vcap(f"the credentials of an instance of {label} are not an object")
    secrets = {
        key: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        for key, value in sorted(credentials.items())
    }
    binding_type = secrets.pop("type", "") or label
    provider = secrets.pop("provider", "") or label
    return Binding(str(instance.get("name") or label), binding_type, provider, secrets)


def _bad_vcap(found: str) -> UserError:
    return UserError(
        f"VCAP_SERVICES cannot be read: {found}",
        remedy="leave VCAP_SERVICES as Cloud Foundry sets it, or unset it.",
    )


def of_type(bindings: Iterable[Binding], binding_type: str) -> tuple[Binding, ...]:
    """Return the bindings of a type; its case does not count."""
    wanted = binding_type.casefold()
    return tuple(binding for binding in bindings if binding.type.casefold() == wanted)
