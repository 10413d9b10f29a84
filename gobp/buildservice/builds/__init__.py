"""What a build is: what was asked for, what it stands for, how it is going."""
