"""What is known of the modules in the trees: sizes, ages, use, and the feed of new versions."""
