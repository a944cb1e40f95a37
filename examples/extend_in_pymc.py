"""Go on in PyMC: the network as a model of one vector, with a variable of one's own that hangs on it."""

import numpy as np
import pymc as pm

import attribution as at


def main() -> None:
    built = at.build(at.read_case("k1-2019"), at.read_model("k1-2019/baseline"))
    with built:
        leader = built["probability"][0]
        tips = pm.Binomial(
            "tips", n=20, p=0.1 + 0.8 * leader, observed=14
        )  # an informant who is right four times in five
        trace = pm.sample(200, tune=300, chains=2, random_seed=1, progressbar=False, compute_convergence_checks=False)
    print(f"free: {[variable.name for variable in built.free_RVs]}, observed: {tips.name}")
    draws = trace["posterior"]["probability"]
    for faction in draws["faction"].values:
        chance = float(np.mean(draws.sel(faction=faction)))
        print(f"{faction}: {chance:.2f}")


if __name__ == "__main__":
    main()
