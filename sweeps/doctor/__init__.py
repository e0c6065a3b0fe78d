"""What `fairtrial doctor` looks at. Nothing is written; each finding says how to mend it."""
