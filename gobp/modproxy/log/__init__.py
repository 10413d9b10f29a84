"""The logs of the module proxy: requests in lines, and what happens."""
