"""The wheel and the sdist work elsewhere."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


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
    here = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    target = next((home / "lib").glob("python*")) / "site-packages"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*install, str(next(built.glob("*.whl")))], check=True)
    (target / "borrowed.pth").write_text(str(here))  # the libraries are those of this environment, the package is not
    code = (
        "import attribution as at\nassert 'elsewhere' in at.__file__\n"
        "case = at.read_case('tower-22')\nmodel = at.read_model('tower-22/baseline')\n"
        "print(at.fit(case, model, engine='importance').probabilities().probability.sum())"
    )
    done = subprocess.run([home / "bin" / "python", "-c", code], capture_output=True, text=True, check=False, cwd=home)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(1.0)
