"""What people and their scripts see: the web pages, and the feeds of modules."""
