"""What go says when it fails, and what a user then reads."""

import pytest

from gobp.golang.failures import explain

CASES = [
    (
        (
            'go: example.com/lib@v1.2.3: Get "https://u:p@proxy.example.com/x": dial tcp: lookup'
            " proxy.example.com: no such host"
        ),
        (
            "the module example.com/lib@v1.2.3 cannot be downloaded: the Go module proxy"
            " https://proxy.example.com cannot be reached"
        ),
        "GOPROXY",
    ),
    (
        (
            "main.go:3:8: example.com/lib@v1.2.3: reading http://127.0.0.1:1/x: dial tcp:"
            " connect: connection refused"
        ),
        (
            "the module example.com/lib@v1.2.3 cannot be downloaded: the Go module proxy"
            " https://proxy.example.com cannot be reached"
        ),
        "go mod vendor",
    ),
    (
        "go: example.com/lib@v1.2.3: module lookup disabled by GOPROXY=off",
        "the module example.com/lib@v1.2.3 cannot be downloaded: GOPROXY is off",
        "GOPROXY",
    ),
    (
        "go: example.com/lib@v9.9.9: reading https://proxy.example.com/x: 404 Not Found",
        "the module example.com/lib@v9.9.9 was not found through https://proxy.example.com",
        "GOPRIVATE",
    ),
    (
        "main.go:3:8: missing go.sum entry for module providing package example.com/lib; to add:",
        "go.sum has no entry for module providing package example.com/lib",
        "go mod tidy",
    ),
    (
        "verifying example.com/lib@v1.2.3/go.mod: checksum mismatch",
        "the module example.com/lib@v1.2.3 is not the one that go.sum names: its checksum is wrong",
        "https://proxy.example.com",
    ),
    (
        (
            'go: example.com/lib@v1: Get "https://proxy.example.com/x": tls: failed to verify'
            " certificate: x509: certificate signed by unknown authority"
        ),
        (
            "the certificate of proxy.example.com is not trusted: failed to verify certificate:"
            " x509: certificate signed by unknown authority"
        ),
        "SSL_CERT_FILE",
    ),
    (
        "runtime: /usr/local/go/pkg/tool/linux_amd64/link: signal: killed",
        "a step of the compiler was killed, most likely because the build ran out of memory",
        "-p=1",
    ),
    ("go: updates to go.mod needed", "go.mod is not up to date with the app's imports", "tidy"),
    (
        "go: inconsistent vendoring in /workspace:",
        "the vendor folder does not agree with go.mod",
        "go mod vendor",
    ),
    (
        "go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)",
        "go.mod requires Go 1.99 or newer, and the build runs Go 1.26.8",
        "BP_GO_VERSION",
    ),
    (
        "main.go:3:8: no required module provides package example.com/x; to add it:",
        "no module in go.mod provides the package example.com/x",
        "go get example.com/x",
    ),
    (
        'cgo: C compiler "gcc" not found: exec: "gcc": executable file not found in $PATH',
        "the app uses cgo, and the build image has no C compiler gcc",
        "CGO_ENABLED=0",
    ),
    (
        "package example.com/app: build constraints exclude all Go files in /workspace",
        "every Go file in /workspace is excluded by build constraints",
        "-tags",
    ),
    (
        "error obtaining VCS status: exit status 128",
        "the version control status of the app cannot be read: exit status 128",
        "-buildvcs=false",
    ),
    (
        "write /layers/gocache/00/x: no space left on device",
        "the disk of the build is full",
        "free space",
    ),
]
ENV = {"GOPROXY": "https://user:hunter2@proxy.example.com"}


@pytest.mark.parametrize(("line", "summary", "remedy"), CASES)
def test_what_go_says_is_answered_with_cause_and_remedy(
    line: str, summary: str, remedy: str
) -> None:
    error = explain("go build", 1, ["go: downloading x", line, "more"], ENV)

    assert error.summary == summary
    assert remedy in error.remedy
    assert error.detail.startswith("go build: ")
    assert "hunter2" not in str(error)
    assert "u:p@" not in str(error)


def test_what_is_not_known_is_left_to_the_lines_above() -> None:
    error = explain("go build", 2, ["./main.go:3:2: undefined: x"], ENV)

    assert error.summary == "'go build' failed with exit status 2"
    assert error.detail == ""


def test_braces_in_what_go_says_do_no_harm() -> None:
    error = explain("go build", 1, ["missing go.sum entry for {x} %d {0}"], {})

    assert error.summary == "go.sum has no entry for {x} %d {0}"
