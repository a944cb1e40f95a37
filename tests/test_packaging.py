"""The wheel and the sdist work elsewhere."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import attribution
from attribution.inference.settings import versions

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_distribution_has_a_name_of_its_own_and_one_version() -> None:
    """`attribution` is another program in the index; a run names the version of the code that made it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["name"] == "attack-attribution"
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["attribution"]
    assert project["tool"]["hatch"]["version"]["path"] == "attribution/_version.py"
    assert versions("importance")["attribution"] == versions("nuts")["attribution"] == attribution.__version__


@pytest.mark.slow
def test_the_wheel_holds_the_evidence_and_the_assumptions(built: Path) -> None:
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    assert "attribution/_bundled/data/cases/tower-22/case.yaml" in names
    assert "attribution/_bundled/models/tower-22/baseline.yaml" in names
    assert "attribution/py.typed" in names
    assert not [name for name in names if name.startswith(("models/", "data/", "reports/", "tests/"))]


@pytest.mark.slow
def test_the_sdist_holds_all_that_a_build_needs(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = archive.getnames()
    ends = {name.split("/", 1)[-1] for name in names}
    assert {"models/tower-22/baseline.yaml", "data/cases/tower-22/case.yaml", "attribution/errors.py"} <= ends


@pytest.mark.slow
def test_the_wheel_reads_the_case_in_a_fresh_environment_elsewhere(built: Path, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    venv.create(home, with_pip=False, symlinks=True)
    here = [path for path in sys.path if Path(path).name == "site-packages"]
    target = next((home / "lib").glob("python*")) / "site-packages"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*install, str(next(built.glob("*.whl")))], check=True)
    (target / "borrowed.pth").write_text(
        "\n".join(here)
    )  # the libraries are those of this environment, the package is not
    code = (
        "import attribution as at\nassert 'elsewhere' in at.__file__\n"
        "case = at.read_case('tower-22')\nmodel = at.read_model('tower-22/baseline')\n"
        "print(at.fit(case, model, engine='importance').probabilities().probability.sum())"
    )
    done = subprocess.run([home / "bin" / "python", "-c", code], capture_output=True, text=True, check=False, cwd=home)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(1.0)
