"""gobp: a Go build platform.

``cnb``, ``golang``, ``sbom``, ``system`` and ``buildpack`` run in build containers, with the
standard library, pytoml, requests and zstandard; these three are imported where they are used.
"""
