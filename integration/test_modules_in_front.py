"""nginx in front of gobp, as docs/modproxy.md has it: what is there it serves itself."""

import urllib.request
from pathlib import Path

from integration.misbehaving_upstream import content_of, upstream_server
from integration.module_servers import running
from integration.small_modules import GoClient
from integration.web_servers import nginx

MODULE = "example.com/team/lib"
PATH = f"{MODULE}/@v/v1.1.0.zip"
SERVER = """
    location / {{
      proxy_pass {url};
      proxy_set_header Host $http_host;
      proxy_read_timeout 15m;
    }}
    location ~ "/@v/[^/]+[.](info|mod|zip)$" {{
      root {root};
      try_files $uri @gobp;
    }}
    location @gobp {{
      proxy_pass {url};
      proxy_set_header Host $http_host;
      proxy_read_timeout 15m;
    }}
"""


def test_nginx_serves_what_is_there_and_asks_gobp_for_the_rest(tmp_path: Path) -> None:
    with upstream_server() as upstream:
        settings = {"upstream": {"proxies": upstream.url}, "sums": {"database": "off"}}
        with running(settings, tmp_path / "gobp") as server:
            inside = SERVER.format(root=server.root / "public", url=server.url)
            with nginx(tmp_path, tmp_path / "nginx", server=inside) as url:
                first = GoClient(tmp_path / "first", url).get(f"{MODULE}@v1.1.0")
                asked = upstream.asked[PATH]
                second = GoClient(tmp_path / "second", url).get(f"{MODULE}@latest")
                with urllib.request.urlopen(f"{url}/{PATH}") as answer:
                    body = answer.read()
            server.stop()
            log = server.logged()

    assert first == second == {MODULE: "v1.1.0"}
    assert body == content_of(PATH)
    assert upstream.asked[PATH] == asked == 1
    assert log.count(f"GET /{PATH} ") == 1, log
    assert log.count(f"GET /{MODULE}/@v/list ") == 2, log  # a list changes: it is asked for


def test_it_works_below_a_path_of_another_server(tmp_path: Path) -> None:
    with upstream_server() as upstream:
        settings = {
            "upstream": {"proxies": upstream.url},
            "sums": {"database": "off"},
            "base_path": "/team/go",
        }
        with running(settings, tmp_path / "gobp") as server:
            base = server.url.removesuffix("/team/go")
            inside = f"location /team/ {{ proxy_pass {base}; proxy_set_header Host $http_host; }}"
            with nginx(tmp_path, tmp_path / "nginx", server=inside) as url:
                got = GoClient(tmp_path / "go", f"{url}/team/go").get(f"{MODULE}@v1.0.0")

    assert got == {MODULE: "v1.0.0"}
