"""Reports: from a report file and the sweeps it names to a page, kept and delivered."""
