"""What gobp's servers share: settings, secrets, logs, the address they listen at."""
