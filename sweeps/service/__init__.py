"""The service: queued sweeps and schedules, each thing to do in a process of its own."""
