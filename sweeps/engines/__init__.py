"""Engines hold lanes: they start runs, stop runs, and advance all by an epoch."""
