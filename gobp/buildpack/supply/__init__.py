"""Where what a build needs beside Go comes from: the package, mirrors, this machine's go."""
