"""The sections of a report, one file each: `write` fills it, or says in a sentence why it can't."""
