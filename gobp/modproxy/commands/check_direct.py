"""Explain how version control is found for a module, and with which credentials."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from gobp.modproxy.commands.explain import Step, failed_step
from gobp.modproxy.settings.schema import Vcs
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.vcs.discovery import Discovery
from gobp.modproxy.vcs.hosts import Hosts
from gobp.modproxy.vcs.pages import Pages


async def direct_steps(
    settings: Vcs, module: str, cache: Path, env: Mapping[str, str]
) -> AsyncIterator[Step]:
    """Yield which repository a module is in, and what is known to be let in there."""
    hosts = Hosts(settings, env)
    pages = Pages(hosts, env)
    try:
        root = await Discovery(cache / "imports", pages, hosts).root(module)
    except SourceError as error:
        yield failed_step("go-import", error, direct=True)
        yield _credentials(hosts, f"https://{module}")
        return
    finally:
        await pages.close()
    folder = f", folder {root.folder}" if root.folder else ""
    yield Step("go-import", f"{root.prefix} is at {hosts.git_url(root.url)}{folder}")
    yield _credentials(hosts, root.url)


def _credentials(hosts: Hosts, url: str) -> Step:
    """Return which credentials there are for a host, which are never shown."""
    about = f"credentials for {urlsplit(url).hostname}"
    host = hosts.of(url)
    if host is not None and host.ssh:
        key = host.ssh_key_file or "the agent's keys"
        return Step(about, f"ssh as {host.ssh_user} with {key} (vcs.hosts, {host.host})")
    if host is not None and host.credential_helper:
        return Step(about, f"the credential helper of vcs.hosts, {host.host}")
    try:
        has_password = hosts.web_url(url) != url
    except SourceError as error:
        return failed_step(about, error, direct=True)
    if not has_password:
        return Step(about, "none, neither in vcs.hosts nor in netrc")
    place = f"vcs.hosts, {host.host}" if host is not None and host.password_file else "netrc"
    return Step(about, f"user and password of {place}")
