"""The catalog: schedules, submitted sweeps and kept reports, in the database of the study."""
