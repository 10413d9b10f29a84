"""What a build of an app would do, and why: the decisions of detect and build without effects."""

import posixpath
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gobp.buildpack.app.layout import AppLayout, Mode, Vendor
from gobp.buildpack.component import AppTree, DetectContext
from gobp.buildpack.environment_variables.variables import launch_variables
from gobp.buildpack.go.gopath import import_path
from gobp.buildpack.go_build.config import BuildConfig, read_config
from gobp.buildpack.go_build.processes import launch_processes
from gobp.buildpack.go_build.targets import find_programs
from gobp.buildpack.go_dist.candidates import Candidate, version_candidates
from gobp.buildpack.go_dist.catalog import Release, newest
from gobp.buildpack.go_mod_vendor.commands import fetch_argv
from gobp.buildpack.group import NotDetected, resolve_group
from gobp.buildpack.image_labels.labels import image_labels
from gobp.buildpack.live_reload.processes import HELPER as RELOAD
from gobp.buildpack.live_reload.processes import reload_processes
from gobp.buildpack.merge import merge
from gobp.buildpack.procfile.processes import launch_processes as procfile_processes
from gobp.buildpack.procfile.processes import read_commands
from gobp.buildpack.reporting.variables import is_known
from gobp.cnb.launch import Launch, Process
from gobp.golang import modfile
from gobp.golang.constraint import Constraint
from gobp.golang.module import executable_name, executable_name_of_files
from gobp.golang.sourcefile import BuildTarget
from gobp.golang.version import GoVersion

_PREFIXES = ("BP_", "BPE_", "GO", "CGO_")


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decisions for one app, in the order in which a build takes them.

    ``go_version`` is "" where only a module proxy can tell which version fits. Processes name
    their programs, not yet the folder that these will be in.
    """

    detected: bool
    reason: str
    components: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    candidates: tuple[Candidate, ...] = ()
    go_version: str = ""
    go_from: str = ""
    mode: str = ""
    vendor: str = ""
    targets: tuple[str, ...] = ()
    targets_because: str = ""
    flags: tuple[str, ...] = ()
    processes: tuple[Process, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    launch_environment: tuple[str, ...] = ()
    variables_read: tuple[str, ...] = ()
    variables_unknown: tuple[str, ...] = ()


def explain(
    facts: DetectContext, known: Sequence[Release], default: str, at_hand: GoVersion | None
) -> Explanation:
    """Decide as a build would. ``at_hand`` is the Go of the build image. Raises UserError."""
    group = resolve_group(facts)
    if isinstance(group, NotDetected):
        return Explanation(detected=False, reason=group.reason)
    members = {member.component: member for member in group.members}
    candidates = version_candidates(members["go-dist"].entries, default)
    reloads = "live-reload" in members  # then Go goes into the image
    version, source = _chosen_go(candidates[0], known, None if reloads else at_hand)
    vendors = "go-mod-vendor" in members
    config = read_config(facts, will_be_vendored=vendors)
    binaries = _binaries(facts, config)
    given = sorted(name for name in facts.platform_env if name.startswith(_PREFIXES))
    return Explanation(
        detected=True,
        reason="it is a Go app",
        components=tuple(members),
        left_out=tuple(group.left_out.items()),
        candidates=candidates,
        go_version=version,
        go_from=source,
        mode=config.layout.mode.value,
        vendor=_vendor_decision(config.layout, members),
        targets=config.targets,
        targets_because=config.targets_because,
        flags=config.flags,
        processes=_processes(facts, binaries, reloads=reloads),
        labels=tuple((label.key, label.value) for label in image_labels(facts.env)),
        launch_environment=tuple(each.name for each in launch_variables(facts.platform_env)),
        variables_read=tuple(name for name in given if is_known(name) or not name.startswith("BP")),
        variables_unknown=tuple(n for n in given if not is_known(n) and n.startswith("BP")),
    )


def _chosen_go(
    wanted: Candidate, known: Sequence[Release], at_hand: GoVersion | None
) -> tuple[str, str]:
    constraint = Constraint.parse(wanted.version, source=wanted.source)
    if at_hand is not None and constraint.allows(at_hand):
        return str(at_hand), "the Go on the PATH"
    release = newest(known, constraint)
    if release is not None:
        return str(release.version), "downloaded"
    return "", "the newest that the module proxy lists"


def _vendor_decision(layout: AppLayout, members: Collection[str]) -> str:
    if "dep-ensure" in members:
        return "'dep ensure' fills the vendor folder"
    if layout.vendor is Vendor.OF_GO:
        return "the app is vendored: its vendor folder is used as it is"
    if "go-mod-vendor" not in members:
        return "nothing to vendor: the app has no go.mod"
    command = " ".join(fetch_argv(layout))
    if layout.vendor is Vendor.OTHER:
        return f"'{command}' fetches the modules: the vendor folder holds other things"
    return f"'{command}' fills the vendor folder"


def _binaries(facts: DetectContext, config: BuildConfig) -> tuple[str, ...]:
    """Return what the programs will be called, each once; patterns give those that they match."""
    names: dict[str, None] = {}
    for target in config.targets:
        folder, dots, _ = target.partition("...")
        matched = [target]
        if dots:
            built_for = BuildTarget(facts.target.arch, config.tags)
            found = find_programs(facts.app, config.layout, built_for).all
            matched = [path for path in found if f"{path}/".startswith(folder)]
        names |= {_binary(facts, config.layout, path): None for path in matched}
    return tuple(names)


def _binary(facts: DetectContext, layout: AppLayout, target: str) -> str:
    """Return what the program of a target will be called."""
    if target.endswith(".go"):
        return executable_name_of_files((target,))
    if not target.startswith("."):
        return executable_name(target)
    if layout.mode is Mode.GOPATH:
        return executable_name(posixpath.normpath(posixpath.join(import_path(facts.env), target)))
    folder = posixpath.normpath(posixpath.join(layout.workdir, target))
    return executable_name(_import_path(facts.app, "" if folder == "." else folder))


def _import_path(app: AppTree, folder: str) -> str:
    """Return the import path of a folder: that of the module around it, and the way down."""
    top = folder
    while top and not app.has(f"{top}/go.mod"):
        top = posixpath.dirname(top)
    path = posixpath.join(top, "go.mod")
    if not app.has(path):  # a workspace whose modules are not there; its build will say so
        return folder or "."
    module = modfile.parse(app.read_text(path), source=path).module
    return posixpath.normpath(posixpath.join(module, posixpath.relpath(folder or ".", top or ".")))


def _processes(
    facts: DetectContext, binaries: tuple[str, ...], *, reloads: bool
) -> tuple[Process, ...]:
    built = Launch(processes=launch_processes(binaries, "bin"))
    reloading = reload_processes(built.processes, (RELOAD,)) if reloads else ()
    named = Launch(processes=procfile_processes(read_commands(facts), facts.env))
    return merge((built, Launch(processes=reloading), named)).processes
