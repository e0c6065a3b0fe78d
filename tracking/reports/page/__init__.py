"""The page of a report: one HTML file that stands alone, for screens, paper and screen readers."""
