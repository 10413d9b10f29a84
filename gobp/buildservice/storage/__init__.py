"""Where files of builds are kept: a folder or S3-compatible storage."""
