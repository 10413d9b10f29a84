"""Tells whether anything that goes into the programs has changed since they were built.

A key of all inputs is in the metadata of the launch layer. Where the key of this build is the same,
the layer of the previous image stays, and no go command runs. An input that the key does not name
would give users an old program, so whatever cannot be known for certain means that there is no key,
and a build as any other.
"""
