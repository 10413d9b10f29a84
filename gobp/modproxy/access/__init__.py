"""Who asks, what they may have, and the record of what they were refused."""
