"""Bills of materials: what programs are made of, in the formats that scanners read."""
