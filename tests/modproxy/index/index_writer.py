"""A worker that writes to an index, for tests with several processes.

Run as ``index_writer.py CONNINFO ROOT NAME COUNT``, or with COUNT 0 to rebuild until it is killed.
"""

import sys
from pathlib import Path

from gobp.modproxy.index.index import Use
from gobp.modproxy.index.opening import open_index
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.settings.schema import Cluster, Settings
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.index.module_files import published


def main(conninfo: str, root: str, name: str, count: str) -> None:
    """Publish COUNT versions of a module of its own and one of all, in batches, and use them."""
    index = open_index(Settings(cluster=Cluster(postgresql=conninfo)), Path(root))
    index.prepare()
    for number in range(int(count)):
        version = f"v1.{number}.0"
        index.published(
            [published(f"example.com/{name}", version), published("example.com/all", version)]
        )
        index.used([Use("example.com/all", version, name, Origin.TREE, 2, 1000.0 + number)])
    while count == "0":
        index.rebuild(Trees.below(Path(root)), forget=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
