import ipaddress
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.builds.order import GitSource
from gobp.buildservice.settings.schema import GitHost
from gobp.buildservice.sources.guard import (
    Guard,
    Lookup,
    RefusedError,
    checked_addresses,
    split_host,
)

pytestmark = pytest.mark.slow  # real tools and servers

PUBLIC, OTHER = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10"]
NEVER = ["169.254.0.0/16", "0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"]


def finds(*addresses: str) -> Lookup:
    def lookup(name: str, port: int) -> Sequence[str]:
        return addresses

    return lookup


def refusal(host: GitHost, source: GitSource) -> RefusedError:
    with pytest.raises(RefusedError) as raised:
        Guard([host], finds(PUBLIC)).settle(source)
    return raised.value


def test_a_source_is_settled_to_one_way_of_writing_it() -> None:
    guard = Guard([GitHost(host="Git.Example")])

    settled = guard.settle(GitSource("GIT.example:443", "/owner/repo.git/", submodules=True))

    assert settled == GitSource("git.example", "owner/repo", submodules=True)


@pytest.mark.parametrize(
    ("pattern", "host", "allowed"),
    [
        ("git.example", "git.example", True),
        ("git.example", "git.example.evil.example", False),
        ("git.example", "evilgit.example", False),
        ("git.example", "git.example:8443", False),
        ("git.example:8443", "git.example:8443", True),
        ("git.example:8443", "git.example", False),
        ("*.corp.example", "git.corp.example", True),
        ("*.corp.example", "a.b.corp.example", True),
        ("*.corp.example", "corp.example", False),
        ("*.corp.example", "evilcorp.example", False),
        ("*.corp.example", "git.corp.example:8443", False),
        ("[::1]:3000", "[::1]:3000", True),
    ],
)
def test_only_hosts_of_the_settings_are_spoken_with(
    pattern: str, host: str, *, allowed: bool
) -> None:
    guard = Guard([GitHost(host=pattern)])

    if allowed:
        assert guard.settle(GitSource(host, "o/r")).path == "o/r"
    else:
        assert refusal(GitHost(host=pattern), GitSource(host, "o/r")).status == 403


def test_no_host_is_allowed_by_default() -> None:
    with pytest.raises(RefusedError, match=r"builds nothing of github\.com"):
        Guard([]).settle(GitSource("github.com", "o/r"))


def test_only_owners_of_the_settings_are_built() -> None:
    host = GitHost(host="git.example", owners=("corp",))

    assert Guard([host]).settle(GitSource("git.example", "corp/deep/repo")).path == "corp/deep/repo"
    assert refusal(host, GitSource("git.example", "evil/repo")).status == 403
    assert refusal(host, GitSource("git.example", "corporation/repo")).status == 403


def test_a_host_may_have_an_entry_for_each_of_its_owners() -> None:
    own = GitHost(host="git.example", owners=("corp", "team"), password_file="/run/secret")
    others = GitHost(host="git.example")
    guard = Guard([own, others], finds(PUBLIC))

    assert guard.check(GitSource("git.example", "team/r")).settings is own
    assert guard.check(GitSource("git.example", "guest/r")).settings is others


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "o//r",
        "o/../r",
        "o/./r",
        "..",
        "-o/r",
        "o/-upload-pack=x",
        "o/r?x=y",
        "o/r#x",
        "o/%2e%2e/r",
        "o/r\n",
        "o/r;id",
        "o/r s",
        "o/r@v1",
        "o\\r",
        "o/r:x",
        "ö/r",
        "a/" * 300 + "b",
    ],
)
def test_what_is_no_path_of_a_repository_is_refused(path: str) -> None:
    assert refusal(GitHost(host="git.example"), GitSource("git.example", path)).status == 400


@pytest.mark.parametrize(
    "path", ["o/r", "~user/r", "o/.github", "g/s/t/r", "o/r.js", "o/_r", "C++/r"]
)
def test_paths_that_hosts_have_are_taken(path: str) -> None:
    assert Guard([GitHost(host="git.example")]).settle(GitSource("git.example", path)).path == path


@pytest.mark.parametrize(
    "host",
    [
        "",
        "git.example.",
        "git..example",
        "-git.example",
        "git.example:0",
        "git.example:99999",
        "git.example:1:2",
        "user@git.example",
        "git.example/x",
        "127.1",
        "0x7f.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "git.0x7f",
        "1.2.3.4.5",
        "[::1",
        "[fe80::1%25eth0]",
        "::1",
        "git example",
        "gït.example",
        "a" * 600,
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(RefusedError) as raised:
        split_host(host)

    assert raised.value.status == 400


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_a_name_that_leads_to_no_public_address_is_refused(address: str) -> None:
    with pytest.raises(RefusedError) as raised:
        checked_addresses("git.example", 443, private=False, lookup=finds(address))

    assert raised.value.status == 403
    assert address not in raised.value.text  # it would tell of the network behind the service


@pytest.mark.parametrize("network", [*PRIVATE, *NEVER])
@given(data=st.data())
def test_no_way_of_writing_a_private_address_is_public(network: str, data: st.DataObject) -> None:
    address = data.draw(st.ip_addresses(v=4, network=network))
    mapped = ipaddress.IPv6Address(0xFFFF_0000_0000 + int(address))
    translated = ipaddress.IPv6Address((0x64_FF9B << 96) + int(address))

    for each in (address, mapped, translated):
        with pytest.raises(RefusedError):
            checked_addresses("git.example", 443, private=False, lookup=finds(str(each)))


def test_one_private_address_among_public_ones_is_enough_to_be_refused() -> None:
    with pytest.raises(RefusedError):
        checked_addresses("git.example", 443, private=False, lookup=finds(PUBLIC, "10.0.0.1"))


def test_public_addresses_are_given_in_their_order_each_once() -> None:
    lookup = finds(OTHER, PUBLIC, OTHER, f"64:ff9b::{PUBLIC}")

    found = checked_addresses("git.example", 443, private=False, lookup=lookup)

    assert found == (OTHER, PUBLIC, f"64:ff9b::{PUBLIC}")


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "fd12::1", "100.64.0.1"])
def test_private_addresses_are_for_hosts_whose_settings_say_so(address: str) -> None:
    found = checked_addresses("git.example", 443, private=True, lookup=finds(address))

    assert found == (address,)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "100.100.100.200",
        "fd00:ec2::254",
        "fe80::1",
        "0.0.0.0",
        "224.0.0.1",
        "::",
    ],
)
def test_addresses_that_give_credentials_away_are_for_nobody(address: str) -> None:
    with pytest.raises(RefusedError):
        checked_addresses("git.example", 443, private=True, lookup=finds(address))


def test_the_name_of_this_machine_is_looked_up_and_refused() -> None:
    guard = Guard([GitHost(host="localhost")])

    with pytest.raises(RefusedError) as raised:
        guard.check(guard.settle(GitSource("localhost", "o/r")))

    assert raised.value.status == 403


def test_an_address_in_place_of_a_name_is_checked_too() -> None:
    guard = Guard([GitHost(host="169.254.169.254", insecure=True)])

    with pytest.raises(RefusedError, match="does not connect to"):
        guard.check(guard.settle(GitSource("169.254.169.254", "o/r")))


def test_a_name_without_an_address_may_have_one_later() -> None:
    with pytest.raises(RefusedError) as raised:
        checked_addresses("git.invalid", 443, private=False)

    assert raised.value.status == 502


def test_a_lookup_that_takes_too_long_is_not_waited_for() -> None:
    def slow(name: str, port: int) -> Sequence[str]:
        time.sleep(1)
        return [PUBLIC]

    begun = time.monotonic()
    with pytest.raises(RefusedError):
        checked_addresses("git.example", 443, private=False, lookup=slow, seconds=0.05)

    assert time.monotonic() - begun < 0.8


def test_a_checked_place_has_its_addresses_and_origin() -> None:
    host = GitHost(host="*.example:8443")
    guard = Guard([GitHost(host="other.example"), host], finds(PUBLIC))

    place = guard.check(GitSource("git.example:8443", "o/r"))

    assert (place.scheme, place.name, place.port) == ("https", "git.example", 8443)
    assert (place.addresses, place.settings) == ((PUBLIC,), host)
    assert place.origin == "https://git.example:8443"


def test_the_own_port_of_a_scheme_is_not_written() -> None:
    plain = Guard([GitHost(host="git.example", insecure=True)], finds(PUBLIC))
    private = Guard([GitHost(host="git.example")], finds(PUBLIC))

    assert plain.check(GitSource("git.example", "o/r")).origin == "http://git.example"
    assert private.check(GitSource("git.example", "o/r")).origin == "https://git.example"
