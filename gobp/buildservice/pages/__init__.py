"""What people see: builds and their logs, repositories, badges, and the script that installs."""
