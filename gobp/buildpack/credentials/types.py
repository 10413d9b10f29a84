"""The types of bindings that hold credentials.

Apart from what reads such bindings: most builds have none, and only ask.
"""

GIT = "git-credentials"
GOAUTH = "goauth"
GOPROXY = "goproxy"
NETRC = "netrc"
SSH = "ssh"
TYPES = (GIT, GOAUTH, GOPROXY, NETRC, SSH)
