"""Compiling kernels with numba, and keeping the machine code on disk.

A kernel that the instant engine needs is kept as bare machine code (`Native`): loading it takes llvmlite and some
hundredths of a second, where importing numba and having it load its own takes about one.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attribution.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

READERS = ("", "numpy", "compiled")
_COMPILING, _LOADING = 4.0, 0.08  # seconds, importing numba among them
_KERNELS_TAKE = 64 * 2**20  # bytes, with room to spare
_OF_THE_C_LIBRARY = ("memset", "memcpy", "memmove", "exp", "sinh", "log", "log1p", "expm1", "erfc", "pow", "sqrt")
_NEVER_CALLED = "NRT_MemInfo_call_dtor"  # frees arrays that a kernel would own; the arrays of a `Native` are all lent


def kernel[F: Callable[..., Any]](function: F) -> F:
    """Compile on first use, keep the machine code on disk, follow IEEE arithmetic (no exception from a division)."""
    return _compiled(function, forceinline=False)


def inlined[F: Callable[..., Any]](function: F) -> F:
    """As `kernel`, for a small function that is always written out where it is called, so that loops stay vectors."""
    return _compiled(function, forceinline=True)


def _compiled[F: Callable[..., Any]](function: F, *, forceinline: bool) -> F:
    import numba

    folder, before = _cache_folder(), numba.config.CACHE_DIR
    numba.config.CACHE_DIR = folder
    try:
        compiled: F = numba.njit(cache=bool(folder), error_model="numpy", nogil=True, forceinline=forceinline)(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled


def compiled_before(module: str) -> bool:
    """Whether kernels of a module, such as ``trees_kernel``, lie on disk; where not, their first use takes a while."""
    folder = _cache_folder()
    return bool(folder) and any(Path(folder).rglob(f"{module}.*.nbi"))


class Native:
    """A kernel as machine code: from disk where it lies there, else compiled by numba, then kept.

    Only the arithmetic is kept, nothing of Python or of numba's runtime, and its digest is checked before it runs.
    Calls let other threads run.

    Parameters
    ----------
    name
        By which it is kept.
    arguments
        A letter for each array that it takes: ``d`` for doubles, ``q`` for integers of 64 bits, ``I`` for whole numbers
        of 32 bits.
    source
        Gives the function that is compiled; asked for only where it has to be. It takes the places of all arrays, and
        their shapes one after another, both as pointers to integers.
    """

    def __init__(self, name: str, arguments: str, source: Callable[[], Callable[..., None]]) -> None:
        self.name, self.arguments, self._source = name, arguments, source
        self._lock = threading.Lock()
        self._spared: float | None = None
        self._engine: Any = None
        self._run: Callable[..., object] | None = None

    @property
    def ready(self) -> bool:
        """Whether its machine code is at hand or lies on disk; told without importing anything."""
        folder = _cache_folder()
        return self._run is not None or (bool(folder) and any(Path(folder).glob(f"{self.name}-*.o")))

    def rather(self, seconds: float) -> bool:
        """Whether it, and not NumPy, is to do work that would take NumPy about so many seconds.

        Compiling pays late: machine code is at hand in some hundredths of a second where it lies on disk, else in some
        seconds. So NumPy works until it has worked for about as long as that would take, in this process and in those
        before it; then the kernel is compiled. Whatever the work turns out to be, waiting is then at most twice what it
        had to be. The environment variable `ATTRIBUTION_READER` may say `numpy` or `compiled`.
        """
        wanted = os.environ.get("ATTRIBUTION_READER", "")
        if wanted not in READERS:
            raise UsageError(
                f'the environment variable ATTRIBUTION_READER is "{wanted}".', allowed='"numpy", "compiled", or nothing'
            )
        if wanted or self._run is not None:
            return wanted != "numpy"
        ready = self.ready
        if self._spared is None:
            self._spared = 0.0 if ready else self._spared_before()
            atexit.register(self._remember)
        self._spared += seconds
        return self._spared > (_LOADING if ready else _COMPILING)

    def _spared_before(self) -> float:
        """Seconds that NumPy has worked in its place in processes before this one."""
        with suppress(OSError, ValueError):
            return float((Path(_cache_folder()) / f"{self.name}.seconds").read_text("ascii"))
        return 0.0

    def _remember(self) -> None:
        if _cache_folder() and not self.ready:
            with suppress(OSError):
                (Path(_cache_folder()) / f"{self.name}.seconds").write_text(f"{self._spared:.3f}", "ascii")

    def __call__(self, *arrays: NDArray[Any]) -> None:
        """Run it on contiguous arrays."""
        import numpy as np

        for letter, array in zip(self.arguments, arrays, strict=True):
            if array.dtype != np.dtype(letter) or not array.flags.c_contiguous:
                raise TypeError(f"{self.name} takes contiguous arrays of {self.arguments}")
        if self._run is None:
            with self._lock:
                self._run = self._run or self._loaded()
        places = np.array([array.ctypes.data for array in arrays], dtype=np.int64)
        shapes = np.array([size for array in arrays for size in array.shape], dtype=np.int64)
        nothing = (ctypes.c_void_p * 8)()  # where numba's functions would put a result, and what went wrong
        self._run(nothing, nothing, places.ctypes.data, shapes.ctypes.data)

    def _loaded(self) -> Callable[..., object]:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        outside = ctypes.CDLL(None if os.name == "posix" else "msvcrt")
        for name in (*_OF_THE_C_LIBRARY, _NEVER_CALLED):
            if llvm.address_of_symbol(name) is None:  # numba, where it is there, has named its own
                function = getattr(outside, "abort" if name == _NEVER_CALLED else name)
                llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(self._machine_code()))
        self._engine.finalize_object()
        address = self._engine.get_function_address(self.name)
        return ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)(address)

    def _machine_code(self) -> bytes:
        """The object file: 32 bytes of its digest, then itself."""
        folder = _cache_folder()
        path = Path(folder) / f"{self.name}-{_processor()}.o"
        with suppress(OSError):
            kept = path.read_bytes() if folder else b""
            if kept[:32] == hashlib.sha256(kept[32:]).digest():
                return kept[32:]
        code = _machine_code(self.name, self._source())
        if folder:
            with suppress(OSError):
                beside = path.with_suffix(f".{os.getpid()}")
                beside.write_bytes(hashlib.sha256(code).digest() + code)
                beside.replace(path)
        return code


def _machine_code(name: str, function: Callable[..., None]) -> bytes:
    """Compiled by numba, then cut down to what the function itself runs, under its name."""
    import llvmlite.binding as llvm
    import numba

    integers = numba.types.CPointer(numba.types.int64)
    signature = numba.types.void(integers, integers)
    compiled = numba.cfunc(signature, error_model="numpy")(function)
    module = llvm.parse_assembly(compiled.inspect_llvm())
    entry = compiled.native_name.removeprefix("cfunc.")  # without the shell that would report errors to Python
    for each in module.functions:
        if not each.is_declaration and each.name != entry:
            each.linkage = "internal"
    module.get_function(entry).name = name
    machine = _target_machine()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    asked = {each.name for each in module.functions if each.is_declaration and not each.name.startswith("llvm.")}
    if strange := asked - {*_OF_THE_C_LIBRARY, _NEVER_CALLED}:
        raise NotImplementedError(f"the kernel {name} calls {', '.join(sorted(strange))}")
    return bytes(machine.emit_object(module))


def _target_machine() -> Any:
    import llvmlite.binding as llvm

    host = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(*host, opt=3, reloc="default", codemodel="jitdefault", jit=True)


def _processor() -> str:
    """A digest of what machine code depends on besides its source."""
    import llvmlite
    import llvmlite.binding as llvm

    host = llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return hashlib.sha256("|".join((llvmlite.__version__, *host)).encode()).hexdigest()[:16]


@cache
def kernel_digest() -> str:
    """A digest of the text of all kernels, to know compiled code that is still theirs.

    numba looks only at the file of the function itself: without this, a change in one kernel file would leave stale
    machine code of another in use, and with it wrong numbers.
    """
    here = Path(__file__).parent
    shared = [here / "network" / f"{name}.py" for name in ("program", "curves", "elementary", "tape")]
    text = b"".join(path.read_bytes() for path in sorted([*here.rglob("*kernel*.py"), *shared]))
    return hashlib.sha256(text).hexdigest()[:16]


def trusted_folder() -> str:
    """The folder of compiled kernels, for other compiled code of ours; empty where nothing is kept."""
    return _cache_folder()


@cache
def _cache_folder() -> str:
    """Where compiled kernels are kept: beside the source, else in the user's cache, else nowhere that lasts.

    Here lie machine code and numba's index, a pickle: whoever can write into this folder can run code. So only a
    folder of the user's own, which nobody else may write into nor put another in the place of, is trusted. Where there
    is none, this process has one to itself; where there is no room, nothing is kept (an empty text).
    """
    name = f"kernel-{kernel_digest()}"
    places = [Path(__file__).parent / "__pycache__"]
    with suppress(RuntimeError):  # no home folder
        places.append(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attribution")
    for place in places:
        with suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _trusted(place.resolve()):
                continue
            (place / name).mkdir(mode=0o700, exist_ok=True)
            if _trusted(place / name) and _room(place):
                return str(place / name)
    with suppress(OSError):
        private = tempfile.mkdtemp(prefix="attribution-")  # mode 700
        atexit.register(shutil.rmtree, private, ignore_errors=True)
        if _room(Path(private)):
            return private
    return ""


def _trusted(folder: Path) -> bool:
    """Whether a folder is the user's own, no link to elsewhere, and nobody else may write into it."""
    if not hasattr(os, "getuid"):  # Windows keeps users apart by other means
        return os.access(folder, os.W_OK)
    status = folder.lstat()
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    return own and os.access(folder, os.W_OK)


def _room(folder: Path) -> bool:
    return shutil.disk_usage(folder).free > _KERNELS_TAKE
