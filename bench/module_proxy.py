"""Loads module proxies side by side: gobp's with users, log and figures on, Athens and goproxy.

Each has the cores that it takes by itself: gobp a worker for each, the others Go's threads.
The tree that all of them serve is the module cache of one app, downloaded once; from then on no
request leaves the machine. Each server runs alone; they are loaded in turn, round by round.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench.report import Absent, Value, absent_lab, record, table
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.serving.passwords import format_token_hash, new_token
from integration.lab import SCRIPTS, TOOLS, go_proxy
from integration.module_servers import running

ROUNDS = 3
_PEERS = ("athens", "goproxy")
_START_PEER = SCRIPTS.parent / "bench/start_peer_proxy.sh"
_BIG = "github.com/klauspost/compress/@v/v1.18.2"
_SECONDS = 3
_CONNECTIONS = 16
_IMPORTS = (
    "github.com/docker/docker/client",
    "github.com/gin-gonic/gin",
    "github.com/jackc/pgx/v5",
    "github.com/klauspost/compress/zstd",
    "github.com/nats-io/nats-server/v2/server",
    "github.com/prometheus/client_golang/prometheus/promhttp",
    "github.com/spf13/cobra",
    "github.com/spf13/viper",
    "go.opentelemetry.io/otel/sdk/trace",
    "google.golang.org/grpc",
    "k8s.io/client-go/kubernetes",
)
_GO_MOD = """\
module bench.example/app

go 1.24

require (
	github.com/docker/docker v27.3.1+incompatible
	github.com/gin-gonic/gin v1.10.0
	github.com/jackc/pgx/v5 v5.7.0
	github.com/klauspost/compress v1.18.2
	github.com/nats-io/nats-server/v2 v2.11.0
	github.com/prometheus/client_golang v1.20.0
	github.com/spf13/cobra v1.8.1
	github.com/spf13/viper v1.19.0
	google.golang.org/grpc v1.68.0
	k8s.io/client-go v0.31.0
)
"""
_LUA = """\
local paths, n = {}, 0
function init()
  for line in io.lines(os.getenv("BENCH_PATHS")) do n = n + 1; paths[n] = line end
  math.randomseed(1)
end
function request() return wrk.format("GET", paths[math.random(n)]) end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("@@ %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    summary.bytes, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class _Server:
    """A proxy that runs: its name in the report, base URL and main process."""

    name: str
    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class _Load:
    """What one run of wrk found; times in milliseconds, ``cpu`` in microseconds a request."""

    requests: float
    megabytes: float
    median: float
    p99: float
    cpu: float


def run(rounds: int) -> None:
    """Load the servers warm, then let a herd and an empty client come cold. Raises Absent."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Absent("wrk is not installed (apt-get install wrk)")
    peers = [name for name in _PEERS if (TOOLS / "peers" / name).exists() and _START_PEER.exists()]
    for name in sorted(set(_PEERS) - set(peers)):
        print(f"WITHOUT {name}: {TOOLS}/peers/{name} or {_START_PEER} is missing", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="gobp-bench-") as name, absent_lab():
        work = Path(name)
        app, tree = _app()
        bench = _Bench(work, app, tree, wrk, ("gobp", *peers))
        bench.warm(rounds)
        bench.cold(rounds)


def _app() -> tuple[Path, Path]:
    """Return the app's folder and its module cache's tree, made once and kept. Raises Absent."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gobp/bench/modules"
    app, cache = base / "app", base / "cache"
    tree = cache / "cache/download"
    if not (base / "complete").exists():
        app.mkdir(parents=True, exist_ok=True)
        (app / "go.mod").write_text(_GO_MOD)
        imports = "".join(f'import _ "{path}"\n' for path in _IMPORTS)
        (app / "main.go").write_text(f"package main\n\n{imports}\nfunc main() {{}}\n")
        _go(app, ("mod", "tidy"), go_proxy(), cache)
        _go(base, ("mod", "download", *_versions(tree)), go_proxy(), cache)
        (base / "complete").touch()
    return app, tree


def _versions(tree: Path) -> list[str]:
    """Return all versions that a go command has seen, whole: the peers need more than it does."""
    modules = ModuleTree(tree)
    return [
        f"{name}@{each}" for name in modules.modules() for each in modules.stored_versions(name)
    ]


def _go(app: Path, arguments: Sequence[str], proxy: str, cache: Path) -> None:
    env = {
        **os.environ,
        "GOPROXY": proxy,
        "GOMODCACHE": str(cache),
        "GONOSUMDB": "*",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw",
    }
    done = subprocess.run(
        ["go", *arguments], cwd=app, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Absent(f"go {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")


class _Bench:
    """The bench: where it works, the app, the tree of its modules, and the servers' names."""

    def __init__(self, work: Path, app: Path, tree: Path, wrk: str, names: Sequence[str]) -> None:
        self._work = work
        self._app = app
        self._tree = tree
        self._wrk = wrk
        self._names = names
        self._token = new_token()
        self._lua = work / "load.lua"
        self._lua.write_text(_LUA)

    def warm(self, rounds: int) -> None:
        """Load every server with small files and with a big zip, once it has them."""
        small, big = self._work / "small", self._work / "big"
        small.write_text("".join(f"/{path}\n" for path in self._small_files()))
        big.write_text(f"/{_BIG}.zip\n")
        for test, paths in (("small", small), ("zip", big)):
            loads: dict[str, list[_Load]] = {name: [] for name in self._names}
            memory: dict[str, float] = {}
            for number in range(rounds):
                for name in self._names:
                    with self._started(name, self._tree.as_uri(), f"warm-{test}") as server:
                        for path in paths.read_text().splitlines():
                            _size_of(self._token, f"{server.url}{path}")
                        loads[name].append(self._load(server, paths))
                        memory[name] = max(_pss(pid) for pid in _tree_of(server.pid))
                    _say(test, name, number, loads[name][-1])
            _print_loads(test, loads, memory)

    def cold(self, rounds: int) -> None:
        """Have 16 clients ask for one file, and a client without modules for all of an app."""
        rows: list[Mapping[str, Value]] = []
        for name in ("direct", *self._names):
            herd = "-" if name == "direct" else self._herd(name)
            runs = [self._download(name, number) for number in range(rounds)]
            seconds = statistics.median(run[0] for run in runs)
            rows.append(
                {
                    "side": name,
                    "app s": round(seconds, 2),
                    "x direct": f"{seconds / float(rows[0]['app s']):.2f}" if rows else "1.00",
                    "zips fetched": runs[0][1],
                    "requests for 16 clients": str(herd),
                }
            )
            record(bench="module_proxy", test="cold", **rows[-1])
        table(rows)

    def _small_files(self) -> list[str]:
        """Return the .info and .mod files of whole versions: the peers give no others."""
        both = ((zip_.with_suffix(".info"), zip_.with_suffix(".mod")) for zip_ in self._zips())
        files = [file for pair in both if all(map(Path.exists, pair)) for file in pair]
        return [file.relative_to(self._tree).as_posix() for file in files]

    def _zips(self) -> list[Path]:
        return sorted(self._tree.glob("**/@v/*.zip"))

    def _herd(self, name: str) -> int:
        """Return how often upstream was asked for a file that 16 clients want at once."""
        with (
            counting(self._tree) as (upstream, asked),
            self._started(name, upstream, "herd") as server,
        ):
            url = f"{server.url}/{_BIG}.zip"
            with ThreadPoolExecutor(_CONNECTIONS) as clients:
                sizes = set(clients.map(partial(_size_of, self._token), [url] * _CONNECTIONS))
        size = (self._tree / f"{_BIG}.zip").stat().st_size
        if sizes != {size}:
            raise RuntimeError(f"{name} gave files of {sizes} bytes, not {size}")
        return asked.count(f"/{_BIG}.zip")

    def _download(self, name: str, number: int) -> tuple[float, int]:
        """Return the seconds of a download of all modules, and how many zips upstream sent."""
        with ExitStack() as stack:
            upstream, asked = stack.enter_context(counting(self._tree))
            url = upstream
            if name != "direct":
                started = self._started(name, upstream, f"cold-{number}")
                url = stack.enter_context(started).url
            cache = self._work / f"client-{name}-{number}"
            begin = time.perf_counter()
            _go(self._app, ("mod", "download"), url, cache)
            seconds = time.perf_counter() - begin
        shutil.rmtree(cache)
        return seconds, len({path for path in asked if path.endswith(".zip")})

    def _load(self, server: _Server, paths: Path) -> _Load:
        before = _cpu(server.pid)
        argv = [self._wrk, "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", "--timeout", "15s"]
        argv += ["--latency", "-s", str(self._lua), "-H", f"Authorization: Bearer {self._token}"]
        done = subprocess.run(
            [*argv, server.url],
            env={**os.environ, "BENCH_PATHS": str(paths)},
            capture_output=True,
            text=True,
            check=True,
        )
        line = next(line for line in done.stdout.splitlines() if line.startswith("@@"))
        requests, duration, size, median, p99, errors = map(int, line.split()[1:])
        if errors:
            raise RuntimeError(f"{server.name}: {errors} requests failed\n{done.stdout}")
        seconds = duration / 1e6
        cpu = (_cpu(server.pid) - before) * 1e6 / requests
        return _Load(requests / seconds, size / seconds / 1e6, median / 1000, p99 / 1000, cpu)

    @contextmanager
    def _started(self, name: str, upstream: str, case: str) -> Iterator[_Server]:
        folder = self._work / f"{name}-{case}"
        if name == "gobp":
            settings = {
                "workers": 0,
                "upstream": {"proxies": upstream},
                "sums": {"database": "off"},
                "access": {
                    "tokens": [{"name": "bench", "token_hash": format_token_hash(self._token)}],
                },
                "log": {"requests": str(folder / "requests.log")},
            }
            with running(settings, folder) as server:
                yield _Server(name, server.url, server.process.pid)
            return
        with _peer(name, folder, upstream) as peer:
            yield peer


@contextmanager
def _peer(name: str, folder: Path, upstream: str) -> Iterator[_Server]:
    """Run a peer as the shared script starts it, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    started = subprocess.run(
        ["sh", str(_START_PEER), name, str(folder), upstream, "off"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    _, url, pid = started.stdout.split()
    try:
        yield _Server(name, url, int(pid))
    finally:
        os.kill(int(pid), signal.SIGTERM)
        while Path(f"/proc/{pid}").exists() and _state(int(pid)) != "Z":
            time.sleep(0.05)


class _Files(SimpleHTTPRequestHandler):
    """Serves a folder, and keeps what was asked for."""

    protocol_version = "HTTP/1.1"

    def __init__(self, asked: list[str], *arguments: object, directory: str) -> None:
        self._asked = asked
        super().__init__(*arguments, directory=directory)  # type: ignore[arg-type] # as it comes

    def do_GET(self) -> None:
        """Serve a file."""
        self._asked.append(self.path.replace("%21", "!"))
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def counting(tree: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a tree; yield its URL and the list of the paths that were asked for."""
    asked: list[str] = []
    handler = partial(_Files, asked, directory=str(tree))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def _size_of(token: str, url: str) -> int:
    """Return how many bytes an answer has."""
    request = Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urlopen(request, timeout=120) as answer:
            return sum(iter(lambda: len(answer.read(1 << 20)), 0))
    except HTTPError as error:
        raise RuntimeError(f"{url}: {error.code} {error.read(500)!r}") from None


def _tree_of(pid: int) -> list[int]:
    """Return a process and those it has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for task in tasks for child in task.read_text().split()]
    return [pid, *(each for child in children for each in _tree_of(child))]


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def _cpu(pid: int) -> float:
    """Return the seconds of CPU that a process and its children have used."""
    ticks = 0
    for each in _tree_of(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(") ")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _pss(pid: int) -> float:
    """Return the memory of a process in MB, shared pages divided by those who share them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _say(test: str, name: str, number: int, load: _Load) -> None:
    record(
        bench="module_proxy",
        test=test,
        side=name,
        round=number,
        requests_per_second=round(load.requests, 1),
        mb_per_second=round(load.megabytes, 1),
        median_ms=round(load.median, 3),
        p99_ms=round(load.p99, 3),
        cpu_us_per_request=round(load.cpu, 1),
    )


def _print_loads(
    test: str, loads: Mapping[str, Sequence[_Load]], memory: Mapping[str, float]
) -> None:
    """Print the medians of the rounds, and how gobp's rate compares."""
    own = _rate(test, loads["gobp"])
    table(
        [
            {
                f"{test}, {_CONNECTIONS} connections": name,
                "MB/s" if test == "zip" else "req/s": round(_rate(test, runs)),
                "gobp is x": f"{own / _rate(test, runs):.2f}",
                "p50 ms": round(statistics.median(run.median for run in runs), 2),
                "p99 ms": round(statistics.median(run.p99 for run in runs), 2),
                "CPU us": round(statistics.median(run.cpu for run in runs), 1),
                "largest PSS MB": round(memory[name], 1),
            }
            for name, runs in loads.items()
        ]
    )


def _rate(test: str, runs: Sequence[_Load]) -> float:
    return statistics.median(run.megabytes if test == "zip" else run.requests for run in runs)
