"""The statuses that a phase of a buildpack ends with.

Source: buildpack specification, "Detection" and "Build".
"""

PASS = 0
ERROR = 1
FAIL = 100
