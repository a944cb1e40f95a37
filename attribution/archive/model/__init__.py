"""Features of the past, what each counts, how sure that is, and forecasts from them."""
