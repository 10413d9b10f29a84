"""gobp get: a program from a build service, on the machine of whoever wants it."""
