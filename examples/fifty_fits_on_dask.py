"""Fifty settings on Dask: the same call as on a laptop, with another executor."""

from dask.distributed import Client, LocalCluster

import attribution as at

SETTINGS = {"perpetrator.other": (0.01, 0.4), "evidence.halt.grade": ["A1", "B3", "off"]}


def main() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        executor = client.get_executor(pure=False)
        frame = at.sweep(case, model, SETTINGS, n=50, scrambles=4, log2_points=8, executor=executor)
    leader = frame[frame["faction"] == "kataib-hezbollah"]
    print(leader.groupby("evidence.halt.grade")["probability"].describe()[["count", "min", "mean", "max"]].round(3))


if __name__ == "__main__":
    main()
