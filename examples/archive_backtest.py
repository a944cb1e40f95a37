"""Would forecasts from past events have been right? Forward in time, open set, against a simple baseline."""

import attribution as at
from attribution.archive.reading.mapping_file import read_mapping
from attribution.archive.reading.read import events_path, read_events


def main() -> None:
    name = "incidents-2019-2024"
    archive = read_events(events_path(name), read_mapping(name))
    print(f"{len(archive.events)} events\n")
    result = at.backtest(archive.events, protocol="static", least=5)
    print(result)


if __name__ == "__main__":
    main()
