"""Data: where it comes from, how it is cleaned, split and scaled, and its digest."""
