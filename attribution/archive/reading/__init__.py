"""From tables of events and mapping files to an `EventTable`."""
