"""Models in stacked form: every parameter has a leading lane dimension."""
