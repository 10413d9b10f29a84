"""What users and programs are told: the log, the report, explanations, the reference."""
