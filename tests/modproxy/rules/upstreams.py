"""Upstreams for tests of rules: they have what they are told, and remember what they were asked."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.protocol.version_list import latest_of
from gobp.modproxy.rules.router import RulesRouter
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.sources.source import NotFoundError, Sink
from gobp.modproxy.tree.trees import Trees


@dataclass
class Upstream:
    """A source with the same versions of every module; ``branches`` are what queries mean."""

    name: str
    tagged: tuple[str, ...] = ()
    branches: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def versions(self, module: str) -> tuple[str, ...]:
        self.asked.append(f"{module} list")
        return self.tagged

    async def latest(self, module: str) -> VersionInfo:
        self.asked.append(f"{module} latest")
        return VersionInfo.make(latest_of(self.tagged), "")

    async def info(self, module: str, query: str) -> VersionInfo:
        self.asked.append(f"{module}@{query}")
        version = self.branches.get(query, query)
        if version not in {*self.tagged, *self.branches.values()}:
            raise NotFoundError(f"no {version}")
        return VersionInfo.make(version, "")

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        self.asked.append(str(file))
        if file.version not in {*self.tagged, *self.branches.values()}:
            raise NotFoundError(f"no {file}")
        assert file.kind is Kind.MOD
        await sink.write(f"module {file.module}\n".encode())

    async def close(self) -> None:
        pass


class Upstreams:
    """Sources by GOPROXY; each is made when it is asked for."""

    def __init__(self, **default: Any) -> None:
        self._default = default
        self.made: dict[str, Upstream] = {}

    def chain(self, goproxy: str) -> Upstream:
        assert goproxy, "the upstream of the settings, where a rule meant none"
        return self.made.setdefault(goproxy, Upstream(goproxy, **self._default))

    def first_url(self, goproxy: str) -> str:
        urls = [entry for entry in goproxy.split(",") if "://" in entry]
        return urls[0] if urls else ""


def settings_of(root: Path, *rules: dict[str, Any], **others: Any) -> Settings:
    document = {"root": str(root), "upstream": {"proxies": "https://default.example"}, **others}
    text = json.dumps({**document, "rules": rules})
    return msgspec.convert(json.loads(text), Settings)


def router_of(
    root: Path, *rules: dict[str, Any], sources: Upstreams | None = None, **others: Any
) -> RulesRouter:
    return RulesRouter(
        settings_of(root, *rules, **others),
        trees=Trees.below(root),
        sources=sources or Upstreams(),
    )
